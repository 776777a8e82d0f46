"""Reading params.yaml: all of it is checked before anything runs."""

from pathlib import Path

from packdepth.config import names
from packdepth.config.study import PARAMS_FILE, Study, checked, merged
from packdepth.config.variants import Training
from packdepth.config.yaml_file import read_yaml
from packdepth.errors import InputError
from packdepth.utils.files import require_file


def load_study(path: Path = Path(PARAMS_FILE)) -> Study:
    """Read and check params.yaml, every variant of it. Raises InputError, in one line."""
    if not require_file(path).is_file():
        raise InputError(f"{path}: not found; run this where params.yaml stands")
    raw = read_yaml(path)
    study: Study = checked(Study, raw, "", str(path))
    names.check_names(study, str(path))
    names.check_verdict(study, str(path))
    for name, scale in study.scales.items():
        layers = {f"scales.{name}.training": scale.training}
        layers |= {f"scales.{name}.groups.{group}": settings for group, settings in scale.groups.items()}
        for where, settings in layers.items():
            checked(Training, merged(study.training.model_dump(), settings), where, str(path))
    for name in (name for group in study.by_group.values() for name in group.variants):
        study.variant(name)
    names.check_checkpoints(study, f"{path}: transfer.checkpoints")
    return study
