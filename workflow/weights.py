"""Make a trained network part of the package: its weights as float16, and a card that tells how good it is.

    python workflow/weights.py NAME VARIANT SEED

Takes the finished training of a variant at the scale of params.yaml. Writes `NAME.safetensors` and `NAME.md` to
src/packdepth/zoo/weights/. What is written is then evaluated on the test data of the scale and of `small`, so the
card's numbers are those of the file that ships. Both scales should have the same image size, and their stores and
floors have to be there.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from packdepth import paths
from packdepth.analysis.results import floors, read_json
from packdepth.analysis.text import markdown_table
from packdepth.checkpoints.native import load_checkpoint, save_checkpoint
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.data.store.frames import Store
from packdepth.errors import explained
from packdepth.evaluation.measure import measure
from packdepth.inference.load import load_file
from packdepth.models.checks import check_finite
from packdepth.utils.files import write_text
from packdepth.zoo.trained import WEIGHTS

ROOMS = "small"
METRICS = ("abs_rel", "rmse", "delta1")
FAMILIES = {"packnet": "PackNet", "densedepth": "DenseDepth"}


def halve(checkpoint: Path, path: Path) -> None:
    """Write a checkpoint with weights as float16. Raises InputError if it is not there, or a weight is too large."""
    network, info = load_checkpoint(checkpoint)
    check_finite(f"{checkpoint} as float16", network.half().state_dict())
    save_checkpoint(path, network, info)


def card(study: Study, run: paths.Run, path: Path) -> str:
    """What the network is, what it was trained on, and its errors."""
    provenance, variant = read_json(run.provenance), study.variant(run.variant)
    train = Store(paths.store(run.scale, "train"))
    on_own, on_rooms = _errors(study, path, run.scale), _errors(study, path, ROOMS)
    names = {run.scale: f"{study.data.dataset}, test images", ROOMS: "rooms, rendered: another kind of image"}
    blind, blind_rooms = (floors(study.at(scale), "test").loc["fixed map"].to_dict() for scale in (run.scale, ROOMS))
    rows = [
        [names[run.scale], "this network", *_told(on_own)],
        ["", "one map for all images", *_told(blind)],
        [names[ROOMS], "this network", *_told(on_rooms)],
        ["", "one map for all images", *_told(blind_rooms)],
    ]
    network = variant.network.model_dump()
    training = variant.training.model_dump(exclude={"cpu", "cuda", "workers", "save_every", "diagnostics_every"})
    return f"""# {path.stem}

Metric depth of indoor images. {FAMILIES[network["architecture"]]} at {_share(network["width"])} of its usual width:
{provenance["parameters"] / 1e6:.1f} million parameters, {path.stat().st_size / 1e6:.1f} MB as float16.

**How good it is.** Depth is off by {on_own["abs_rel"]:.0%} on average (abs_rel) on images like those that it learned
from, and by {on_rooms["abs_rel"]:.0%} on rooms that look different. One map for all images, which looks at none, is off
by {blind["abs_rel"]:.0%} and {blind_rooms["abs_rel"]:.0%}. The network is small, so that it can come with the package,
and has seen few images. Expect rough shapes, not edges; expect nothing outdoors.

{markdown_table(["images", "what", "abs_rel", "rmse (m)", "delta1"], rows)}

- **Training data**: {len(train)} images of {study.data.dataset} at {train.size[0]}x{train.size[1]}.
  Licence: {train.attributes["licence"]}. {train.attributes["citation"]}.
- **Training**: variant `{run.variant}` of group `{run.group}` at scale `{run.scale}`, seed {run.seed};
  {provenance["steps"]} steps in {provenance["seconds"] / 60:.0f} minutes on {provenance["device"]}; commit
  {provenance["commit"]}{" (+: with files that were not committed)" if provenance["commit"].endswith("+") else ""}.
- **Licence of the weights**: MIT, as packdepth; mind that of the data.
- **Settings** (docs/configuration.md explains them): network `{json.dumps(network)}`,
  training `{json.dumps(training)}`.
"""


def _errors(study: Study, path: Path, scale: str) -> dict[str, Any]:
    settings = study.at(scale).active_scale.evaluation
    store = Store(paths.store(scale, "test"))
    tally, _, _ = measure(load_file(path), store, settings, f"{path.stem} on {scale}")
    headline: dict[str, Any] = tally.summary()["headline"]
    return headline


def _told(errors: dict[Any, Any]) -> list[str]:
    return [f"{errors[name]:.3f}" for name in METRICS]


def _share(width: float) -> str:
    return {1.0: "the whole", 0.5: "half", 0.25: "a quarter", 0.125: "an eighth"}.get(width, f"{width:g}")


def main() -> None:
    """Write both files."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("name")
    arguments.add_argument("variant")
    arguments.add_argument("seed", type=int)
    given = arguments.parse_args()
    study = load_study()
    run = study.run(given.variant, given.seed)
    path = WEIGHTS / f"{given.name}.safetensors"
    halve(run.checkpoint, path)
    write_text(path.with_suffix(".md"), card(study, run, path))
    print(path.with_suffix(".md").read_text())


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        if not (line := explained(error)):
            raise
        print(f"packdepth: {line}", file=sys.stderr)
        sys.exit(2)
