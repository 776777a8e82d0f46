"""Nonsense in params.yaml: one short line, whatever it is. PARAMS_FAULTS=5000 tries more of it."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packdepth.config.load import load_study
from packdepth.errors import InputError
from tests.support.clones import TINY

EXAMPLES = int(os.environ.get("PARAMS_FAULTS", "300"))
LONGEST = 1000  # letters of a message
NO_NUMBERS = (
    *("true", "yes", "1:30", ".inf", "-.inf", ".nan", "1e400", "99999999999999999999", "9" * 5000, "2001-12-14"),
    *(
        "2001-13-45",
        "!!bool maybe",
        "!!int abc",
        "!!float x",
        "!!binary x",
        "!!set {a}",
        "' 3 '",
        "0x",
        "{}",
        "{? [1]: 2}",
    ),
    *("{? [1]: 2}", "[" * 500 + "]" * 500, "&a [*a]", "*nobody", "'`touch PWNED`'", "'$(touch PWNED)'", "../../x"),
    *("!!python/object/apply:os.system ['touch PWNED']", '"\\0"', "\x07", "é" * 3000, "1e15", "&b {<<: 3}"),
)
OTHERS = (
    "~",
    "0",
    "-1",
    "1",
    "0.5",
    "010",
    "0o10",
    "1_0",
    "''",
    "[]",
    "[~]",
    "abc",
    "packnet",
    "'a b'",
    "a/b",
    "a.b",
    "..",
)
MARK = "MARKED"
RAW = yaml.safe_load(TINY)
Way = tuple[str | int, ...]


def leaves(value: Any, way: Way = ()) -> list[tuple[Way, Any]]:
    """Every value that is neither a mapping nor a list, and the keys that lead to it."""
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, part in items for leaf in leaves(part, (*way, key))]
    return [(way, value)]


LEAVES = leaves(RAW)
NUMBERS = [way for way, value in LEAVES if isinstance(value, (int, float)) and not isinstance(value, bool)]


def with_text(way: Way, text: str) -> str:
    """The file with other text where this value stands."""
    raw = yaml.safe_load(TINY)
    place = raw
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = MARK
    return yaml.dump(raw, Dumper=yaml.CSafeDumper, default_flow_style=True, width=10**6).replace(MARK, text)


def loads(folder: Path, content: str) -> bool:
    """Whether a file is accepted; if not, it must be by one line, that names it."""
    path = folder / "params.yaml"
    path.write_text(content)
    said = ""
    try:
        load_study(path)
    except InputError as error:
        said = str(error)
    assert not said or "params.yaml" in said
    assert len(said.splitlines()) <= 1
    assert len(said) < LONGEST
    return not said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("params")


def test_the_file_itself_is_accepted(folder: Path):
    assert loads(folder, TINY)
    assert loads(folder, with_text(("seeds", 0), "0"))


@settings(max_examples=EXAMPLES // 3, suppress_health_check=[HealthCheck.too_slow])
@given(way=st.sampled_from(NUMBERS), text=st.sampled_from(NO_NUMBERS))
def test_what_is_no_number_is_refused_where_one_is_expected(folder: Path, way: Way, text: str):
    assert not loads(folder, with_text(way, text))


@settings(max_examples=EXAMPLES // 3, suppress_health_check=[HealthCheck.too_slow])
@given(way=st.sampled_from([way for way, _ in LEAVES]), text=st.sampled_from(NO_NUMBERS + OTHERS))
def test_anything_anywhere_is_accepted_or_refused_in_one_line(folder: Path, way: Way, text: str):
    loads(folder, with_text(way, text))


@settings(max_examples=EXAMPLES // 3)
@given(place=st.integers(0, len(TINY) - 1), letter=st.sampled_from("\n\t {}[]:,&*!|>'\"%@`#-?0aé\0\x85\u2028"))
def test_one_other_letter_anywhere_is_accepted_or_refused_in_one_line(folder: Path, place: int, letter: str):
    loads(folder, TINY[:place] + letter + TINY[place + 1 :])


def test_an_alias_bomb_is_refused_at_once(folder: Path):
    lines = ["x0: &x0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert not loads(folder, "\n".join([*lines, "seeds: *x11"]))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("seeds: [0]\nseeds: [1]\n", r'line 2: found duplicate key "seeds"'),
        ("training:\n  a: [1\nb: 2\n", "line 3"),
        ("1: 2\n", "the file: key 1: expected text"),
        ("", r"the file: Input should be an object \(got None\)"),
        ("- a\n", "the file: Input should be an object"),
        ("a: " + "x" * 2_000_000, "larger than 1 MB"),
    ],
)
def test_what_is_said(tmp_path: Path, content: str, said: str):
    path = tmp_path / "params.yaml"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        load_study(path)


def test_a_misspelt_key_names_the_near_one(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text(TINY.replace("optimizer: adam", "optimiser: adam"))
    with pytest.raises(InputError, match=r"training\.optimiser: unknown key; did you mean 'optimizer'"):
        load_study(path)


def test_numbers_are_those_of_yaml_1_2(tmp_path: Path):
    path = tmp_path / "params.yaml"
    path.write_text(TINY.replace("seeds: [0]\n", "seeds: [010]\n", 1).replace("1.0e-4", "1e-4"))
    study = load_study(path)
    assert study.seeds == [10]
    assert study.training.learning_rate == 1e-4
