"""Checks that names in params.yaml name exactly one thing there."""

from pathlib import Path

from packdepth import paths
from packdepth.config.hypotheses import names_of
from packdepth.config.study import Study
from packdepth.errors import InputError, one_of

FIGURES = Path(__file__).parents[1] / "figures"


def check_checkpoints(study: Study, where: str) -> None:
    """Raise InputError if a checkpoint that `transfer` compares has no name in results, or shares another's."""
    runs = [study.run(variant, seed) for variant in study.variants for seed in study.seeds_of(variant)]
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


def check_names(study: Study, path: str) -> None:
    """Raise InputError for a name that names nothing, or two things."""
    one_of(study.scale, study.scales, "scale", path)
    if not study.variants:
        raise InputError(f"{path}: groups.report.variants is empty; expected at least one variant")
    _check_figures(study, path)
    for name in study.transfer.data:
        one_of(name, study.scales, "scale in transfer.data", path)
    for name, scale in study.scales.items():
        one_of(scale.context.motion, study.motions, f"motion in scales.{name}.context", path)
        for group in scale.groups:
            one_of(group, study.by_group, f"group in scales.{name}.groups", path)
    where: dict[str, str] = {}
    for group, content in study.by_group.items():
        for name in content.compared_with:
            one_of(name, study.by_group, f"group in groups.{group}.compared_with", path)
        for name in content.variants:
            if name in where:
                raise InputError(
                    f"{path}: {name!r} stands under {where[name]} and under groups.{group}.variants; rename one"
                )
            where[name] = f"groups.{group}.variants"


def _check_figures(study: Study, path: str) -> None:
    drawable = sorted(file.stem for file in FIGURES.glob("[a-z]*.py"))
    where: dict[str, str] = {}
    for group, content in study.by_group.items():
        for name in content.figures:
            one_of(name, drawable, "figure", path)
            if name in where:
                raise InputError(f"{path}: figure {name!r} stands under groups {where[name]} and {group}; name it once")
            where[name] = group


def check_verdict(study: Study, path: str) -> None:
    """Raise InputError if the verdict compares variants that are missing, or not comparable."""
    verdict = study.verdict
    depth = {name for group in paths.COMPARED for name in study.by_group[group].variants}
    autoencoders = study.groups.autoencoder.variants
    for name in verdict.gap:
        one_of(name, depth, "variant in verdict, gap,", path)
    for name in verdict.contest:
        one_of(name, study.groups.contest.variants, "variant of the contest in verdict, contest,", path)
    for key, hypothesis in verdict.hypotheses.items():
        names = names_of(hypothesis.changes)
        known = autoencoders if names and names[0] in autoencoders else depth
        for name in names:
            one_of(name, known, f"variant in verdict, {key},", path)
        if hypothesis.factor:
            one_of(hypothesis.factor, list(study.groups.factors.factors)[1:], f"factor in verdict, {key},", path)
