"""Test losses of variants in rows, with their intervals, between reference lines."""

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from packdepth.analysis.effects import SeedNoise
from packdepth.analysis.findings import Findings
from packdepth.config.study import Study
from packdepth.figures._style import COLOURS

ARCHITECTURES = {"packnet": (COLOURS[0], "o"), "densedepth": (COLOURS[1], "s"), "constant": ("0.25", "D")}


def rows_of(findings: Findings, key: str) -> list[str]:
    """The variants of a hypothesis: each one that is changed, followed by its changed versions."""
    effects = findings.effects[findings.effects["hypothesis"] == key]
    names: list[str] = []
    for before, group in effects.groupby("before", sort=False):
        names += [str(before), *group["after"]]
    return list(dict.fromkeys(names))


def losses(axes: Axes, study: Study, findings: Findings, names: list[str]) -> None:
    """One row per variant, the first on top: its test loss, over seeds if it has several, and its 95 % interval."""
    gap = findings.changes("gap").iloc[0]
    noise = SeedNoise(gap["seed_noise"], int(gap["freedom"]))
    for place, name in enumerate(names):
        row = findings.of(name)
        colour, marker = ARCHITECTURES[row["architecture"]]
        half = noise.half_width(int(row["seeds"]))
        axes.errorbar(row["test_loss"], place, xerr=half, fmt=marker, color=colour, capsize=3, markersize=6)
        axes.annotate(
            f"{row['test_loss']:.3f}",
            (row["test_loss"], place),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    _floors(axes, study, findings)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.8)
    axes.set_xlabel("loss on the test images")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def _floors(axes: Axes, study: Study, findings: Findings) -> None:
    """The lines to beat: the best constant, and the network that wins in the report."""
    constants = findings.variants[findings.variants["architecture"] == "constant"]
    lines = {name: ("0.25", "--") for name in constants["variant"]} | {study.verdict.gap[1]: (COLOURS[1], ":")}
    for name, (colour, dash) in lines.items():
        axes.axvline(findings.of(name)["test_loss"], color=colour, linestyle=dash, linewidth=1.2)
