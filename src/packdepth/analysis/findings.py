"""What follows from the gathered measurements, in tables: the verdict's text and figures use nothing else."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.analysis import contrasts, lengths, skill
from packdepth.analysis.gathered import AUTOENCODER, gathered_groups, read_gathered
from packdepth.analysis.results import read_table
from packdepth.analysis.statistics.best_of import expected_best
from packdepth.analysis.statistics.effects import Effect
from packdepth.analysis.statistics.judgement import Claim, judge
from packdepth.config.hypotheses import Hypothesis, names_of
from packdepth.config.study import Study
from packdepth.utils.files import write_text

LEVELS = ("factor", "network", "level", "skill")  # columns
OF_IMAGES = ("variant", "images")
CONTEST = "contest"  # judged with the hypotheses: does the network that lost still lose at its best?


@dataclass(frozen=True)
class Findings:
    """The tables, each a CSV of its name in the verdict's folder."""

    variants: pd.DataFrame  # one row per variant: losses, skill, metrics, diagnostics
    seeds: pd.DataFrame  # one row per variant and seed: skill
    judgements: pd.DataFrame  # one row per hypothesis, and one for the contest: effect, margin, verdict
    effects: pd.DataFrame  # one row per change that a hypothesis names: by how much the skill rises
    tuning: pd.DataFrame  # one row per trial of every structure: loss on held-out frames, expected best of so many
    factors: pd.DataFrame  # one row per effect of the factorial design, by itself and in each network
    levels: pd.DataFrame  # per factor, level and network: the mean skill of the design's runs
    stages: pd.DataFrame  # one row per variant and stage of its network: medians over the training
    foretold: pd.DataFrame  # per architecture: what a power law foretells of the longest training, and what was found
    crossed: pd.DataFrame  # where the learning curves of two architectures cross
    floors: pd.DataFrame  # one row per floor, of depth and of images: skill on the test images
    autoencoders: pd.DataFrame  # per autoencoder and set of images: size, PSNR, SSIM, error by frequency

    def write(self, folder: Path) -> None:
        """Write the tables."""
        for name, table in vars(self).items():
            write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g"))

    @classmethod
    def read(cls, folder: Path) -> "Findings":
        """Read the tables. Raises InputError that names a missing one."""
        return cls(*(read_table(folder / f"{name}.csv") for name in cls.__dataclass_fields__))

    def of(self, variant: str) -> pd.Series:
        """A variant's row."""
        return self.variants[self.variants["variant"] == variant].iloc[0]

    def judgement(self, key: str) -> pd.Series:
        """The row of a hypothesis, or of the contest."""
        return self.judgements[self.judgements["hypothesis"] == key].iloc[0]

    def changes(self, key: str) -> pd.DataFrame:
        """The changes that a hypothesis names, or that of the contest."""
        return self.effects[self.effects["hypothesis"] == key]


def find(study: Study) -> Findings:
    """Judge every claim whose groups have been gathered. Raises InputError without the contest, or its floors."""
    groups = gathered_groups(study)
    variants = _gathered(study, "variants", [group for group in paths.COMPARED if group in groups])
    variants["skill"] = [skill.skill(study, name).mean() for name in variants["variant"]]
    autoencoders = study.groups.autoencoder.variants if AUTOENCODER in groups else {}
    of_factors = contrasts.factor_effects(study) if "factors" in groups else {}
    hypotheses = judgeable(study, groups)
    steps = dict(zip(variants["variant"], variants["steps"], strict=True))
    curves = lengths.learning_curves(study, steps) if "durations" in groups else {}
    return Findings(
        variants=variants,
        seeds=pd.concat([_of_seeds(study, name) for name in [*variants["variant"], *autoencoders]], ignore_index=True),
        judgements=_judgements(study, hypotheses, of_factors),
        effects=_effects(study, hypotheses),
        tuning=_tuning(study, study.groups.tuning.variants if "tuning" in groups else []),
        factors=_factors(study, of_factors),
        levels=_levels(study) if of_factors else pd.DataFrame(columns=LEVELS),
        stages=_gathered(study, "stages", [group for group in paths.COMPARED if group in groups]),
        foretold=lengths.foretold(curves),
        crossed=lengths.crossed(curves),
        floors=skill.of_floors(study),
        autoencoders=(
            _gathered(study, "reconstructions", [AUTOENCODER]) if autoencoders else pd.DataFrame(columns=OF_IMAGES)
        ),
    )


def judgeable(study: Study, groups: Collection[str]) -> dict[str, Hypothesis]:
    """The hypotheses that these groups suffice for."""
    return {
        key: hypothesis
        for key, hypothesis in study.verdict.hypotheses.items()
        if all(study.group_of(name) in groups for name in names_of(hypothesis.changes))
        and ("factors" in groups or not hypothesis.factor)
    }


def _gathered(study: Study, table: str, groups: Iterable[str]) -> pd.DataFrame:
    return pd.concat([read_gathered(study, group, table) for group in groups], ignore_index=True)


def _judgements(study: Study, hypotheses: dict[str, Hypothesis], of_factors: dict[str, Effect]) -> pd.DataFrame:
    """All claims together, because each is judged with Holm's correction for their number."""
    loser, winner = study.verdict.contest
    effects = {CONTEST: skill.gain_of(study, (loser, winner))}
    of = {CONTEST: contrasts.told((loser, winner))}
    references = {CONTEST: [loser, winner]}
    for key, hypothesis in hypotheses.items():
        effects[key] = contrasts.deciding(study, hypothesis, of_factors)
        of[key] = contrasts.described(study, hypothesis)
        names = names_of(hypothesis.changes)
        references[key] = names if names and skill.is_autoencoder(study, names[0]) else [loser, winner]
    best = {key: max(skill.skill(study, name).mean() for name in names) for key, names in references.items()}
    margins = {key: study.verdict.margin * value if value > 0 else np.nan for key, value in best.items()}
    judged = judge({key: Claim(effects[key], margins[key]) for key in effects if margins[key] > 0})
    nothing_learned = {"verdict": "open", "least_detectable": np.nan}  # no margin either
    return pd.DataFrame(
        {
            "hypothesis": key,
            "of": of[key],
            **_columns(effect),
            "margin": margins[key],
            **(asdict(judged[key]) if key in judged else nothing_learned),
        }
        for key, effect in effects.items()
    )


def _columns(effect: Effect) -> dict[str, float]:
    return asdict(effect) | {"low": effect.low, "high": effect.high}


def _effects(study: Study, hypotheses: dict[str, Hypothesis]) -> pd.DataFrame:
    """Every change that a hypothesis names."""
    changes = {CONTEST: [study.verdict.contest]} | {key: hypothesis.changes for key, hypothesis in hypotheses.items()}
    rows = [
        {"hypothesis": key, "change": contrasts.told(change), **_columns(skill.gain_of(study, change))}
        for key, of_one in changes.items()
        for change in of_one
    ]
    return pd.DataFrame(rows)


def _tuning(study: Study, names: Iterable[str]) -> pd.DataFrame:
    """The trials of every structure, the best first; a structure is a network whatever else differs."""
    rows = []
    for name in names:
        variant = study.variant(name)
        structure = variant.network.model_dump_json(exclude_defaults=True)
        loss = skill.losses(study, name).mean().mean()
        rows.append({"structure": structure, "variant": name, "rate": variant.training.learning_rate, "loss": loss})
    table = pd.DataFrame(rows, columns=["structure", "variant", "rate", "loss"])
    ordered = [of_one.sort_values("loss") for _, of_one in table.groupby("structure", sort=False)]
    no_skill = skill.floor_loss(study, study.verdict.contest[0])  # how a trial that diverged counts
    best = [of_one.assign(expected_best=expected_best(of_one["loss"].clip(upper=no_skill)).array) for of_one in ordered]
    return pd.concat(best, ignore_index=True) if best else table.assign(expected_best=[])


def _factors(study: Study, of_factors: dict[str, Effect]) -> pd.DataFrame:
    """Every chain of effects, then each factor's effect in either network, as `factor in network`."""
    if not of_factors:
        return pd.DataFrame(columns=["effect", "mean", "low", "high"])
    network, *factors = study.groups.factors.factors
    rows = [{"effect": name, **_columns(effect)} for name, effect in of_factors.items()]
    for factor in factors:
        in_both = contrasts.effects_by_network(of_factors, network, factor)
        for level, effect in zip(study.groups.factors.factors[network], in_both, strict=True):
            rows.append({"effect": f"{factor} in {level}", **_columns(effect)})
    return pd.DataFrame(rows)


def _levels(study: Study) -> pd.DataFrame:
    """The mean skill over seeds and runs of each pair of levels: of a factor, and of the network."""
    group = study.groups.factors
    network, *factors = group.factors
    skills = contrasts.responses(study).mean(axis=1)
    table = pd.DataFrame(group.levels.values()).assign(skill=skills.to_numpy())
    rows = []
    for factor in factors:
        means = table.groupby([network, factor])["skill"].mean()
        for of_network in group.factors[network]:
            for level in group.factors[factor]:
                value = means[of_network, level]
                rows.append({"factor": factor, "network": of_network, "level": level, "skill": value})
    return pd.DataFrame(rows, columns=LEVELS)


def _of_seeds(study: Study, name: str) -> pd.DataFrame:
    values = skill.skill(study, name)
    return pd.DataFrame({"variant": name, "seed": values.index, "skill": values.to_numpy()})
