"""Names in params.yaml that must name something there, and not two things."""

from pathlib import Path
from typing import TYPE_CHECKING

from packdepth import paths
from packdepth.errors import InputError, one_of

if TYPE_CHECKING:
    from packdepth.config.study import Study

FIGURES = Path(__file__).parents[1] / "figures"


def name_checkpoints(study: "Study", where: str) -> None:
    """Raise InputError if a checkpoint that `transfer` compares has no name in results, or another one's."""
    runs = [study.run(variant, seed) for variant in study.variants for seed in study.seeds]
    named: dict[str, str] = {}
    for checkpoint in [*(str(run.checkpoint) for run in runs), *study.transfer.checkpoints]:
        try:
            name = paths.checkpoint_name(checkpoint)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        if name in named:
            both = f"{named[name]} and {checkpoint}"
            raise InputError(f"{where}: {both} are both called {name!r} in results; rename one, or name it once")
        named[name] = checkpoint


def check_names(study: "Study", path: str) -> None:
    """Raise InputError for a name that names nothing, or two things."""
    one_of(study.scale, study.scales, "scale", path)
    drawn = sorted(file.stem for file in FIGURES.glob("[a-z]*.py"))
    for name in study.drawn:
        one_of(name, drawn, "figure", path)
    for name in study.transfer.data:
        one_of(name, study.scales, "scale in transfer.data", path)
    for name, scale in study.scales.items():
        if (scale.context is None) != (scale.temporal is None):  # DVC asks for every key that a stage may read
            raise InputError(
                f"{path}: scales.{name}: context and temporal stand together (temporal: {{}} changes nothing)"
            )
        if scale.context:
            one_of(scale.context.motion, study.motions, f"motion in scales.{name}.context", path)
    where: dict[str, str] = {}
    for group, content in study.groups.items():
        section = f"{group}.variants" if group else "variants"
        for name in content.variants:
            if name in where:
                raise InputError(f"{path}: {name!r} stands under {where[name]} and under {section}; rename one")
            where[name] = section


def check_verdict(study: "Study", path: str) -> None:
    """Raise InputError if the verdict compares what is not there, or not alike."""
    depth = {name for group in paths.COMPARED for name in study.groups[group].variants}
    for key, pairs in study.verdict.pairs.items():
        hypothesis = study.verdict.hypotheses.get(key)
        known = study.autoencoder.variants if hypothesis and hypothesis.rule == "keeps" else depth
        for name in (name for pair in pairs for name in pair):
            one_of(name, known, f"variant in verdict, {key},", path)
    for name in study.verdict.contest:
        one_of(name, study.contest.variants, "variant of the contest in verdict, contest,", path)
