"""What a hypothesis's figure shows next to the effects: what happened in the networks."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from packdepth.analysis.findings import Findings
from packdepth.config.hypotheses import names_of
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic
from packdepth.figures._style import COLOURS, DASHES, MARKERS, Style

Panel = Callable[[Axes, Study, Findings, str], None]
ERRORS = "error_to_"


def style(place: int) -> Style:
    """Colour, dash and marker of a line by its place."""
    return {
        "color": COLOURS[place % len(COLOURS)],
        "linestyle": DASHES[place % len(DASHES)],
        "marker": MARKERS[place % len(MARKERS)],
        "markersize": 4,
    }


def gradients(axes: Axes, study: Study, findings: Findings, key: str) -> None:
    """Size of the gradient by stage, in absolute terms, and the epsilon that Adam adds to it."""
    names = names_of(study.verdict.hypotheses[key].changes)
    for place, name in enumerate(names):
        sizes = findings.stages.loc[findings.stages["variant"] == name, "gradient_rms"].to_numpy(float)
        axes.plot(np.linspace(0, 1, len(sizes)), sizes, label=name, **style(place))
    epsilon = study.variant(names[0]).training.epsilon
    axes.axhline(epsilon, color="black", linestyle=":", linewidth=1, label=f"Adam's epsilon, {epsilon:g}")
    axes.set_yscale("log")
    axes.set_xticks([0, 1], ["first stage", "last"])
    axes.set_ylabel("gradient (root mean square)")
    axes.set_ylim(top=100 * axes.get_ylim()[1])  # the legend's place
    axes.grid(axis="y")
    axes.legend(fontsize=8.5, loc="upper center")


def curves(axes: Axes, study: Study, findings: Findings, key: str) -> None:
    """The skill after trainings of several lengths, each with a full decay of the rate."""
    architectures: dict[str, list[str]] = {}
    for name in study.groups.durations.variants:
        architectures.setdefault(study.variant(name).network.architecture, []).append(name)
    for place, (architecture, names) in enumerate(architectures.items()):
        for name in names:
            of_seeds = findings.seeds.loc[findings.seeds["variant"] == name, "skill"]
            steps = [findings.of(name)["steps"]] * len(of_seeds)
            axes.plot(steps, of_seeds, ".", color=COLOURS[place], alpha=0.6)
        points = sorted((findings.of(name)["steps"], findings.of(name)["skill"]) for name in names)
        axes.plot(*zip(*points, strict=True), label=architecture, **style(place))
    axes.axhline(0, color="black", linestyle="--", linewidth=1, label="fixed map")
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.set(xlabel="steps of the whole training", ylabel="skill")
    axes.grid()
    axes.legend(fontsize=8.5)


def ceilings(axes: Axes, study: Study, findings: Findings, key: str) -> None:
    """Dose and response: the skill by the head's ceiling, and that of the truth cut off there."""
    lines: dict[str, list[tuple[float, str]]] = {}
    for name in study.groups.ceilings.variants:
        network = study.variant(name).network
        lines.setdefault(network.architecture, []).append((1 / network.min_depth, name))  # type: ignore[union-attr]
    for place, (architecture, points) in enumerate(lines.items()):
        for ceiling, name in points:
            of_seeds = findings.seeds.loc[findings.seeds["variant"] == name, "skill"]
            axes.plot([ceiling] * len(of_seeds), of_seeds, ".", color=COLOURS[place], alpha=0.6)
        means = sorted((ceiling, findings.of(name)["skill"]) for ceiling, name in points)
        axes.plot(*zip(*means, strict=True), label=architecture, **style(place))
    known = findings.floors[findings.floors["floor"].str.startswith("truth up to ")]
    at = known["floor"].str.removeprefix("truth up to ").astype(float)
    axes.plot(at, known["skill"], color="black", linestyle="--", linewidth=1, label="truth, cut off at the ceiling")
    axes.axhline(0, color="0.5", linewidth=1)
    axes.set_xscale("log")
    ticks = sorted(at)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylim(top=min(1.05, axes.get_ylim()[1]))
    axes.set(xlabel="ceiling of the head (10 m / depth)", ylabel="skill")
    axes.grid()
    axes.legend(fontsize=8.5, loc="lower right")


def structures(axes: Axes, study: Study, findings: Findings, key: str) -> None:
    """The skill of every structure of the contest, a dot per seed."""
    names = list(study.groups.contest.variants)
    for place, name in enumerate(names):
        of_seeds = findings.seeds.loc[findings.seeds["variant"] == name, "skill"]
        colour = COLOURS[study.variant(name).network.architecture == "densedepth"]
        axes.plot(of_seeds, [place] * len(of_seeds), "o", color=colour, alpha=0.6, markersize=5)
        axes.plot(of_seeds.mean(), place, "|", color="black", markersize=16)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("skill (dots: seeds; bar: mean)")
    axes.grid(axis="x")


def autoencoders(axes: Axes, study: Study, findings: Findings, key: str) -> None:
    """The skill of every autoencoder, a dot per seed, and that of as many principal components as their code has."""
    names = list(study.groups.autoencoder.variants)
    for place, name in enumerate(names):
        of_seeds = findings.seeds.loc[findings.seeds["variant"] == name, "skill"]
        axes.plot(of_seeds, [place] * len(of_seeds), "o", color=COLOURS[0], alpha=0.6, markersize=5)
    for dash, floor in zip(DASHES[1:], ("thumbnail", "principal components"), strict=False):
        value = findings.floors.loc[findings.floors["floor"] == floor, "skill"].iloc[0]
        axes.axvline(value, color="black", linestyle=dash, linewidth=1, label=floor)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -1.4)
    axes.set_xlabel("skill (dots: seeds)")
    axes.grid(axis="x")
    axes.legend(fontsize=8.5, loc="upper left")


def by_frequency(axes: Axes, findings: Findings, names: list[str]) -> None:
    """The errors on the last set of images: photographs, where they are large enough."""
    source = findings.autoencoders["images"].iloc[-1]
    table = findings.autoencoders[findings.autoencoders["images"] == source].set_index("variant")
    columns = [name for name in table.columns if name.startswith(ERRORS)]
    ends = np.array([float(name.removeprefix(ERRORS)) for name in columns])
    for place, name in enumerate(names):
        axes.plot(ends, table.loc[name, columns].to_numpy(float), label=name, **style(place))
    logarithmic(axes)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None, symbol=" %"))
    axes.set_xscale("log", base=2)
    axes.set_xticks(ends, [f"{end:g}" for end in ends])
    axes.set(xlabel="spatial frequency up to (cycles / px)", ylabel=f"relative error, {source}")
    axes.legend(fontsize=8)


def factor(axes: Axes, study: Study, findings: Findings, key: str) -> None:
    """The skill of the design's runs at both levels of a factor, a line per network."""
    table = findings.levels[findings.levels["factor"] == study.verdict.hypotheses[key].factor]
    for place, (network, rows) in enumerate(table.groupby("network", sort=False)):
        axes.plot(range(len(rows)), rows["skill"], label=str(network), **style(place))
    axes.set_xticks(range(2), list(table["level"].unique()))
    axes.set_xlim(-0.3, 1.3)
    axes.set(xlabel=f"{study.verdict.hypotheses[key].factor}", ylabel="mean skill of the runs")
    axes.grid(axis="y")
    axes.legend(fontsize=8.5)


PANELS: dict[str, Panel] = {
    "gradients": gradients,
    "curves": curves,
    "ceilings": ceilings,
    "structures": structures,
    "autoencoders": autoencoders,
}
