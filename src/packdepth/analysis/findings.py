"""What all variants measured, and what each change did, in tables: the verdict and its figures use nothing else."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.analysis.effects import SeedNoise, effect, seed_noise
from packdepth.analysis.results import read_csv, read_json, runs
from packdepth.analysis.scales import compare, other_scales
from packdepth.config.study import Study
from packdepth.utils.files import write_text

POINTS = 200  # of a curve
LATE = 0.8  # of the training; diagnostics from here on are averaged
OF_STAGES = ("gradient_rms", "update_ratio", "activation_std")
MOST = (0.1, 0.9)  # quantiles over measured steps, between which most of them lie


@dataclass(frozen=True)
class Findings:
    """The tables, each a CSV of its name in the verdict's folder."""

    variants: pd.DataFrame  # one row per variant: losses, metrics, diagnostics
    effects: pd.DataFrame  # one row per change of a hypothesis: by how much the test loss falls
    stages: pd.DataFrame  # one row per variant and stage of its network: medians over the training
    curves: pd.DataFrame  # per variant and step: the loss, mean over seeds and over the steps since the last row
    scales: pd.DataFrame  # one row per scale run before: does the order of the report's variants hold there?
    autoencoders: pd.DataFrame  # per autoencoder and set of images: size, PSNR, SSIM, error by frequency

    def write(self, folder: Path) -> None:
        """Write the tables."""
        for name, table in vars(self).items():
            write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g"))

    @classmethod
    def read(cls, folder: Path) -> "Findings":
        """Read the tables. Raises InputError that names a missing one."""
        return cls(*(read_csv(folder / f"{name}.csv") for name in cls.__dataclass_fields__))

    def of(self, variant: str) -> pd.Series:
        """A variant's row."""
        return self.variants[self.variants["variant"] == variant].iloc[0]

    def changes(self, hypothesis: str) -> pd.DataFrame:
        """The rows of one hypothesis's changes."""
        return self.effects[self.effects["hypothesis"] == hypothesis]


def provenance(study: Study) -> list[dict[str, Any]]:
    """Where every run that the findings rest on comes from. Raises InputError that names a missing one."""
    groups = [study.by_group[name] for name in (*paths.COMPARED, "autoencoder")]
    return [read_json(run.provenance) for group in groups for name in group.variants for run in runs(study, name)]


def find(study: Study) -> Findings:
    """Gather what training and evaluation wrote. Raises InputError that names a missing result."""
    names = [name for group in paths.COMPARED for name in study.by_group[group].variants]
    variants = pd.DataFrame([_row(study, name) for name in names])
    rows = variants[variants["group"] == "report"]
    of_report = dict(zip(rows["variant"], rows["final_loss"], strict=True))
    others = {scale: losses for scale, losses in other_scales().items() if scale != study.scale}
    reconstructions = [row for name in study.groups.autoencoder.variants for row in _reconstructions(study, name)]
    return Findings(
        variants=variants,
        effects=_effects(study),
        stages=pd.concat([_stages(study, name) for name in names], ignore_index=True),
        curves=pd.concat([_curve(study, name) for name in names], ignore_index=True),
        scales=compare(of_report, others),
        autoencoders=pd.DataFrame(reconstructions or [], columns=None if reconstructions else ["variant", "images"]),
    )


def _row(study: Study, name: str) -> dict[str, Any]:
    """Means over seeds, with the deviation of the test loss."""
    values = pd.DataFrame([_measured(run) for run in runs(study, name)])
    means = {str(key): value for key, value in values.mean().items()}
    square, product = means.pop("gradient_square"), means.pop("gradient_product")
    noise = square / product - 1 if product > 0 else np.nan
    return {
        "variant": name,
        "group": study.group_of(name),
        "architecture": study.variant(name).network.architecture,
        "seeds": len(values),
        "test_loss_std": values["test_loss"].std(),
        **means,
        "noise_scale": study.variant(name).training.batch_size * noise,
        **_reach(study, name),
    }


def _measured(run: paths.Run) -> dict[str, float]:
    metrics, provenance = read_json(run.evaluation), read_json(run.provenance)
    diagnostics = read_csv(run.diagnostics)
    late = diagnostics[diagnostics["step"] > LATE * diagnostics["step"].max()].groupby("name")["value"].mean()
    whole = diagnostics.groupby("name")["value"].mean()
    return {
        "parameters": provenance["parameters"],
        "steps": provenance["steps"],
        "training_loss": metrics["training_loss"],
        "final_loss": metrics["final_training_loss"],
        "test_loss": metrics["test_loss"],
        **{name: metrics["headline"][name] for name in ("abs_rel", "rmse", "delta1")},
        "spread": late.get("prediction_std", np.nan) / late.get("target_std", np.nan),
        "correlation": late.get("correlation", np.nan),
        "saturation": late.get("saturation", np.nan),
        **{name: whole.get(name, np.nan) for name in ("gradient_square", "gradient_product")},
    }


def _reach(study: Study, name: str) -> dict[str, float]:
    """The first stage's gradient as a share of the median stage's: median and quantiles over steps and seeds."""
    sizes = [_of_stages(read_csv(run.diagnostics), "gradient_rms") for run in runs(study, name)]
    shares = pd.concat([(table.iloc[0] / table.median()).dropna() for table in sizes if len(table)] or [pd.Series()])
    low, high = shares.quantile(MOST) if len(shares) else (np.nan, np.nan)
    return {"reach": shares.median() if len(shares) else np.nan, "reach_low": low, "reach_high": high}


def _of_stages(diagnostics: pd.DataFrame, what: str) -> pd.DataFrame:
    """One kind of measurement: one row per stage, from input to output, one column per measured step."""
    table = diagnostics[diagnostics["name"].str.startswith(f"{what}/")]
    table = table.assign(stage=table["name"].str.removeprefix(f"{what}/"))
    return table.pivot(index="stage", columns="step", values="value").reindex(table["stage"].unique())


def _effects(study: Study) -> pd.DataFrame:
    """Every change of every hypothesis; before them the gap itself and the contest, as if they were hypotheses."""
    noises = {name: _noise(study, name) for name in ("contest", "autoencoder")}
    rows = []
    for key, pairs in study.verdict.pairs.items():
        decisive = study.verdict.hypotheses[key].decisive if key in study.verdict.hypotheses else pairs
        for before, after in pairs:
            noise = noises["autoencoder" if before in study.groups.autoencoder.variants else "contest"]
            row = {"hypothesis": key, "decides": (before, after) in decisive, "before": before, "after": after}
            row |= asdict(effect(_losses(study, before), _losses(study, after), noise))
            rows.append(row | {"seed_noise": noise.deviation, "freedom": noise.freedom})
    table = pd.DataFrame(rows)
    of_depth = ~table["before"].isin(study.groups.autoencoder.variants)
    return table.assign(share=(table["mean"] / table["mean"].iloc[0]).where(of_depth))


def _noise(study: Study, group: str) -> SeedNoise:
    return seed_noise([_losses(study, name).mean().tolist() for name in study.by_group[group].variants])


def _losses(study: Study, name: str) -> pd.DataFrame:
    """The loss of every test image, one row per image, one column per seed; for an autoencoder, -PSNR (dB)."""
    tables = {run.seed: read_csv(run.per_image).set_index("id") for run in runs(study, name)}
    if name in study.groups.autoencoder.variants:
        return pd.DataFrame({seed: -table.loc[table["images"] == "test", "psnr"] for seed, table in tables.items()})
    return pd.DataFrame({seed: table["loss"] for seed, table in tables.items()})


def _reconstructions(study: Study, name: str) -> list[dict[str, Any]]:
    """Means over seeds, for each set of images."""
    measured = [read_json(run.evaluation) for run in runs(study, name)]
    size = {
        "variant": name,
        "parameters": read_json(runs(study, name)[0].provenance)["parameters"],
        "forward_gflops": measured[0]["forward_gflops"],
        "seeds": len(measured),
    }
    sources = [source for source, values in measured[0].items() if isinstance(values, dict)]
    means = {source: pd.DataFrame([of_seed[source] for of_seed in measured]).mean() for source in sources}
    return [size | {"images": source} | {str(key): value for key, value in means[source].items()} for source in sources]


def _stages(study: Study, name: str) -> pd.DataFrame:
    """Medians over the training and the seeds, stages from the input to the output."""
    logs = [read_csv(run.diagnostics) for run in runs(study, name)]
    medians = {what: pd.concat([_of_stages(log, what) for log in logs], axis=1).median(axis=1) for what in OF_STAGES}
    return pd.DataFrame(medians).rename_axis("stage").reset_index().assign(variant=name)


def _curve(study: Study, name: str) -> pd.DataFrame:
    """The mean over seeds and over the steps between two points."""
    logs = pd.concat([read_csv(run.train_log) for run in runs(study, name)])
    losses = logs.groupby("step")["loss"].mean()
    width = max(1, len(losses) // POINTS)
    thinned = losses.groupby((losses.index - 1) // width).mean()
    return pd.DataFrame({"variant": name, "step": (thinned.index + 1) * width, "loss": thinned.to_numpy()})
