"""The resolved settings of the selected scale, as JSON: runs depend on these, not on params.yaml.

A key with its schema's default is left out. So a new key with a default changes no file, and nothing is rerun.
A default must never change, because nothing would notice: tests/config/test_settings.py holds them all.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from packdepth import paths
from packdepth.config.study import FactorialGroup, Study
from packdepth.utils.files import write_text


def resolved_settings(study: Study) -> dict[str, str]:
    """The text of every settings file, by its name below `paths.settings`.

    `data` decides the stores, `context` the neighbouring frames, `evaluation` how predictions are compared with truth,
    `floors` what the losses come to without a network,
    `variants/NAME` a training, `groups/NAME` the table and figures of a group, `verdict` the conclusion.
    """
    scale = study.active_scale
    motion = study.motions[scale.context.motion]
    variants = {
        name: _plain(study.variant(name), "name") for group in study.by_group.values() for name in group.variants
    }
    settings = {
        "data": _plain(scale.data),
        "context": {"data": _plain(scale.data), "context": _plain(scale.context), "motion": _plain(motion)},
        "evaluation": {"evaluation": _plain(scale.evaluation), "loss": _plain(study.loss)},
        "floors": {
            "evaluation": _plain(scale.evaluation),
            "loss": _plain(study.loss),
            "losses": {name: _plain(loss) for name, loss in study.losses.items()},
            "max_depth": study.max_depth,
        },
        "verdict": {"verdict": _plain(study.verdict), "loss": _plain(study.loss)},
    }
    settings |= {f"variants/{name}": content for name, content in variants.items()}
    settings |= {f"groups/{name}": _group(study, name, variants) for name in study.by_group}
    return {name: json.dumps(content, indent=2) + "\n" for name, content in settings.items()}


def write_settings(study: Study) -> None:
    """Write the files whose content is new, and remove those of variants that are gone."""
    for path, text in stale_settings(study).items():
        write_text(path, text)
    folder = paths.settings(study.scale)
    known = {folder / f"{name}.json" for name in resolved_settings(study)}
    for path in folder.rglob("*.json"):
        if path not in known:
            path.unlink()


def stale_settings(study: Study) -> dict[Path, str]:
    """The files that are missing or hold other settings than params.yaml, with the text they should have."""
    folder = paths.settings(study.scale)
    texts = {folder / f"{name}.json": text for name, text in resolved_settings(study).items()}
    return {path: text for path, text in texts.items() if not path.is_file() or path.read_text() != text}


def _group(study: Study, name: str, variants: dict[str, Any]) -> dict[str, Any]:
    content = {
        "variants": {variant: {"seeds": study.seeds_of(variant), **variants[variant]} for variant in study.shown(name)}
    }
    group = study.by_group[name]
    return content | ({"levels": group.levels} if isinstance(group, FactorialGroup) else {})


def _plain(section: BaseModel, *without: str) -> Any:
    return section.model_dump(mode="json", exclude_defaults=True, exclude=set(without))
