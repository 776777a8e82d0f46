"""What a cascade of the cheapest and the biggest network gains, next to single networks of as many operations."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from packdepth.analysis import cascades
from packdepth.analysis.cascades import SHARES, Cascade, Widths
from packdepth.analysis.statistics import cascade, effects
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic
from packdepth.figures._style import COLOURS, DASHES, Style, canvas, legend_below_title

SINGLE, ORACLE, RANDOM = "black", "0.45", "0.7"
FLOORS = {"best constant": ":", "fixed map": "--"}
POINTS = 200  # of the oracle's curve
NOTE = (
    "Operations: forward passes, the mean for an image. The cascade runs {cheap} {passes} for every image, and {big}"
    " for a share of them, 0 at the left end and all at the right. Perfect predictor: it knows what the big network"
    " gains. Random: either network for random images. Oracle: one network an image, chosen by who knows all losses."
    " Bands and bars: 95 % intervals over seeds and test images, {seeds}, scale {scale}."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    widths = cascades.read_widths(study)
    found = cascades.finding(cascades.summarise(study))
    pair = widths.pairs[0]
    shown = {predictor: one for predictor, one in cascades.cascades(study, widths) if (one.cheap, one.big) == pair}
    with canvas(path, found, _note(study, widths, shown), height=5.8) as figure:
        skills, gains = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
        _singles(skills, widths)
        _random(skills, widths)
        _floors(skills, widths)
        for place, (predictor, one) in enumerate(shown.items()):
            style = {"color": COLOURS[place], "linestyle": DASHES[place]}
            _curve(skills, gains, one, f"cascade by {predictor.replace('_', ' ')}", style)
        perfect = shown[cascades.HEADLINE].of_the_truth()
        _curve(skills, gains, perfect, "with a perfect predictor", {"color": COLOURS[3], "linestyle": "-."}, band=False)
        gains.axhline(0, color=SINGLE, linewidth=1.2)
        gains.set(ylabel="gain over\na single network", xlabel="operations for an image (1e9)")
        gains.grid(axis="y")
        logarithmic(skills, "x")
        logarithmic(gains, "x")
        skills.grid(axis="y")
        skills.set_ylabel("skill on test images")
        legend_below_title(figure, *skills.get_legend_handles_labels(), ncols=3)


def _note(study: Study, widths: Widths, shown: dict[str, Cascade]) -> str:
    cheap, big = widths.pairs[0]
    passes = " or ".join(f"{'twice' if one.passes == 2 else 'once'} ({predictor})" for predictor, one in shown.items())
    count = len(widths.losses[cheap].columns)
    return NOTE.format(
        scale=study.scale, cheap=cheap, big=big, passes=passes, seeds=f"{count} seed{'s' if count > 1 else ''}"
    )


def _singles(axes: Axes, widths: Widths) -> None:
    """Every network with its interval, the line between them, and the oracle's curve."""
    costs = list(widths.gflops.values())
    of_each = [effects.estimate(widths.skill(losses)) for losses in widths.losses.values()]
    means = [effect.mean for effect in of_each]
    bars = [[e.mean - e.low for e in of_each], [e.high - e.mean for e in of_each]]
    axes.errorbar(costs, means, bars, color=SINGLE, marker="o", capsize=3, linewidth=1.2, label="single networks")
    for name, cost, mean in zip(widths.losses, costs, means, strict=True):
        axes.annotate(name, (cost, mean), (5, -12), textcoords="offset points", fontsize=8.5)
    grid = np.geomspace(costs[0], costs[-1], POINTS)
    best = 1 - cascade.oracle(widths.by_cost, grid) / widths.floor
    axes.plot(grid, best, color=ORACLE, linestyle=":", linewidth=2, label="oracle")


def _random(axes: Axes, widths: Widths) -> None:
    """Mixing the cheapest and the biggest network at random: a straight line, bent by the logarithmic axis."""
    ends = [widths.by_cost[widths.gflops[name]].to_numpy().mean() for name in widths.pairs[0]]
    costs = [widths.gflops[name] for name in widths.pairs[0]]
    mixed = 1 - (ends[0] + SHARES * (ends[1] - ends[0])) / widths.floor
    axes.plot(costs[0] + SHARES * (costs[1] - costs[0]), mixed, color=RANDOM, linewidth=2, label="random")


def _floors(axes: Axes, widths: Widths) -> None:
    """The skill of what needs no network."""
    for name, linestyle in FLOORS.items():
        axes.axhline(widths.of_floors[name], color="0.35", linestyle=linestyle, linewidth=1, label=name)


def _curve(skills: Axes, gains: Axes, one: Cascade, label: str, style: Style, band: bool = True) -> None:
    """The skill of a cascade by its operations, above; its gain over a single network below."""
    costs = [one.cost(share) for share in SHARES]
    skills.plot(costs, [one.skill(share).to_numpy().mean() for share in SHARES], label=label, **style)
    advantages = [one.advantage(share) for share in SHARES]
    gains.plot(costs, [effect.mean for effect in advantages], **style)
    if band:
        low, high = [effect.low for effect in advantages], [effect.high for effect in advantages]
        gains.fill_between(costs, low, high, color=style["color"], alpha=0.18, linewidth=0)
