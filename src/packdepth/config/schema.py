"""The building blocks of params.yaml's schema, and one-line messages for faults in a section."""

import json
import re
from types import UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    ValidationError,
    model_serializer,
)
from pydantic_core import ErrorDetails

from packdepth.errors import InputError, nearest, shortened

Positive = Annotated[float, Field(gt=0, le=1e9)]
Count = Annotated[int, Field(gt=0, le=10**7)]
Few = Annotated[int, Field(gt=0, le=10**4)]  # of what takes memory or processes
Width = Annotated[float, Field(gt=0, le=8)]  # factor on all channels
Seed = Annotated[int, Field(ge=0, lt=2**32)]  # what every generator of random numbers takes
Share = Annotated[float, Field(ge=0, le=1)]
# Of scales, variants and motions: a name that make, Snakemake, DVC, shells and file systems read alike.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=80)]


class Strict(BaseModel):
    """A section of params.yaml: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Grown(Strict):
    """A section with keys that are newer than published results.

    At their defaults they are left out wherever it is written: so what was made before there were any has the same
    digest.
    """

    newer: ClassVar[tuple[str, ...]] = ()

    @model_serializer(mode="wrap")
    def _as_before(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(self)
        defaults = {name: type(self).model_fields[name].default for name in self.newer}
        return {name: value for name, value in dumped.items() if name not in defaults or value != defaults[name]}


Tagged = dict[str, type[Strict]]


def validated(schema: Any, raw: Any, where: str, file: str, tagged: Tagged) -> Any:
    """`raw` by `schema`. Raises InputError, one line that names `file`, the key below `where`, and the fault.

    `tagged` names the sections that a key's value distinguishes, which pydantic puts into an error's path.
    """
    try:  # as JSON, whose lists may be tuples; strictly, so that true is not 1 and '1' no number
        return TypeAdapter(schema).validate_json(json.dumps(raw, default=_plain), strict=True)
    except ValidationError as error:
        raise InputError(f"{file}: {_in_one_line(error, schema, where, tagged)}") from None


def _plain(value: Any) -> Any:
    """A number of numpy or torch as one of Python; of what JSON cannot hold, what Python prints."""
    return value.item() if getattr(value, "size", None) == 1 or getattr(value, "ndim", None) == 0 else repr(value)


def _in_one_line(error: ValidationError, schema: Any, where: str, tagged: Tagged) -> str:
    """The first fault of a pydantic error: key, what it got, what it may be."""
    # A misspelt key is missing, too: it is named as it is spelled.
    fault = min(error.errors(include_url=False), key=lambda fault: fault["type"] == "missing")
    keys, known = _way(schema, fault["loc"], tagged)
    key = shortened(".".join([where, *keys] if where else keys))
    if fault["type"] == "extra_forbidden":
        return f"{key}: unknown key{nearest(keys[-1], known)}"
    got = "" if fault["type"] == "missing" else f" (got {shortened(repr(fault['input']))}{_nearest_choice(fault)})"
    return f"{key or 'the file'}: {fault['msg']}{got}"


def _nearest_choice(fault: ErrorDetails) -> str:
    """`; did you mean 'x'?` for a word that is not one of a key's allowed words."""
    word = fault["ctx"]["tag"] if fault["type"] == "union_tag_invalid" else fault["input"]
    choices = fault.get("ctx", {}).get("expected" if fault["type"] == "literal_error" else "expected_tags", "")
    return nearest(str(word), re.findall("'(.*?)'", choices))


def _way(schema: Any, loc: tuple[int | str, ...], tagged: Tagged) -> tuple[list[str], list[str]]:
    """The keys that lead to a fault, and the keys allowed at the place of the last.

    pydantic's location of a fault also names the member of a union that was tried, and the key of a mapping twice.
    """
    keys: list[str] = []
    known: list[str] = []
    for part in map(str, loc):
        if type(None) in get_args(schema):  # a section that may be left out
            schema = get_args(schema)[0]
        if get_origin(schema) in (Annotated, Union, UnionType):
            schema = tagged.get(part, schema)
        elif part != "[key]":
            fields = schema.model_fields if isinstance(schema, type) and issubclass(schema, Strict) else {}
            keys, known = [*keys, part], list(fields)
            of_mapping = get_args(schema)[-1] if get_origin(schema) is dict else None
            schema = fields[part].annotation if part in fields else of_mapping
    return keys, known
