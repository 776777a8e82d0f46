"""What holds for every figure."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

from packdepth import paths
from packdepth.config import names
from packdepth.config.study import Study
from packdepth.errors import InputError

MakeStudy = Callable[..., Study]
FIGURES = sorted(file.stem for file in names.FIGURES.glob("[a-z]*.py"))
TARGET = Path("results/smoke/figures/figure.png")
NEEDED = {  # of the last variant drawn
    "curves": ("packnet", "train_log"),
    "loss_spread": ("packnet", "train_log"),
    "bars": ("packnet", "evaluation"),
    "panel": ("packnet", "samples"),
    "error_by_distance": ("packnet", "error_by_distance"),
    "gradients": ("packnet", "diagnostics"),
    "scale_factor": ("packnet-velocity", "per_image"),
    "speed_sensor": ("bias-plus-25", "evaluation"),
    "temporal_panel": ("photometric-velocity", "samples"),
    "supervision_panel": ("packnet-velocity", "samples"),
}
OF_THE_SCALE = {
    "ceilings": paths.floors,
    "context_quality": paths.context_quality,
    "context_examples": paths.context_examples,
    "batch_size": lambda scale: paths.gathered(scale, paths.BATCHES) / "losses.csv",
    "second_camera": lambda scale: paths.gathered(scale, paths.PAIRS) / "losses.csv",
    "cascade": lambda scale: paths.gathered(scale, paths.WIDTHS) / "uncertainty.csv",
    "sparsification": lambda scale: paths.gathered(scale, paths.WIDTHS) / "sparsification.csv",
}


def draw(name: str, study: Study) -> None:
    import_module(f"packdepth.figures.{name}").draw(study, TARGET)


def needed(study: Study, name: str) -> Path:
    """A file that a figure cannot do without."""
    if name in OF_THE_SCALE:
        return OF_THE_SCALE[name](study.scale)
    variant, file = NEEDED[name]
    path: Path = getattr(study.run(variant, 0), file)
    return path


def is_drawn() -> bool:
    """Whether a whole picture of a page's width with more than one colour stands there, and nothing else."""
    assert list(TARGET.parent.iterdir()) == [TARGET]
    with Image.open(TARGET) as picture:
        picture.load()
        colours = picture.convert("RGB").getcolors(picture.width * picture.height)
        return picture.format == "PNG" and picture.width == 1245 and len(colours) > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("seeds", [(3,), (0, 1)])
def test_draws_one_seed_and_several(make_study: MakeStudy, name: str, seeds: tuple[int, ...]) -> None:
    draw(name, make_study(seeds=seeds))
    assert is_drawn()


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("variants", [("constant",), ("packnet",)])
@pytest.mark.filterwarnings("error")
def test_draws_few_steps_of_the_constant_or_a_network_alone(
    make_study: MakeStudy, name: str, variants: tuple[str, ...]
) -> None:
    draw(name, make_study(variants=variants, steps=2, supervision=("packnet-supervised",)))
    assert is_drawn()


@pytest.mark.parametrize("name", FIGURES)
def test_a_missing_result_is_named_and_an_older_figure_kept(make_study: MakeStudy, name: str) -> None:
    study = make_study(variants=("densedepth", "packnet"))
    missing = needed(study, name)
    missing.unlink()
    TARGET.parent.mkdir(parents=True)
    TARGET.write_bytes(b"older")
    with pytest.raises(InputError, match=f"^{missing}: not there yet"):
        draw(name, study)
    assert list(TARGET.parent.iterdir()) == [TARGET]
    assert TARGET.read_bytes() == b"older"


def test_the_same_results_make_the_same_bytes(make_study: MakeStudy) -> None:
    study = make_study()
    draw("curves", study)
    first = TARGET.read_bytes()
    draw("curves", study)
    assert TARGET.read_bytes() == first


def test_no_figure_loads_torch() -> None:
    modules = [f"packdepth.figures.{name}" for name in FIGURES]
    code = f"import sys, {', '.join(modules)}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
