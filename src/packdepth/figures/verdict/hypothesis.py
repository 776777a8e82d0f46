"""The figure of one hypothesis: the effect of each change on the test loss, and next to it the diagnostics."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from packdepth.analysis.findings import Findings
from packdepth.analysis.rules import ENOUGH
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic
from packdepth.figures._style import COLOURS, DASHES, Style, canvas
from packdepth.figures.verdict import reconstruction
from packdepth.figures.verdict.effects import ARCHITECTURES, losses, rows_of

Panel = Callable[[Axes, Findings, list[str]], None]
CONCLUSION = "conclusion"  # the name of its figure
NOTE = (
    "Points: mean over test images and seeds; bars: where 95 % of seeds would put it.\n"
    "Dashed: the best constant depth; dotted: the network that wins in the report."
)


def draw(study: Study, findings: Findings, key: str, path: Path) -> None:
    """Write the figure of hypothesis `key`, or the conclusion's, to `path`."""
    if key == CONCLUSION:
        _answer(study, findings, path)
    else:
        _hypothesis(study, findings, key, path)


def _hypothesis(study: Study, findings: Findings, key: str, path: Path) -> None:
    names = rows_of(findings, key)
    if study.verdict.hypotheses[key].rule == "keeps":
        reconstruction.draw(study, findings, key, names, path)
        return
    panel = BESIDE.get(study.verdict.hypotheses[key].panel or "")
    title = f"{key}: {study.verdict.hypotheses[key].claim} (scale {study.scale})"
    with canvas(path, title, NOTE, height=max(4.0 if panel else 2.6, 1.5 + 0.38 * len(names))) as figure:
        if panel is None:
            losses(figure.subplots(), study, findings, names)
            return
        left, right = figure.subplots(1, 2, width_ratios=(1, 1.1))
        losses(left, study, findings, names)
        panel(right, findings, names)


def _answer(study: Study, findings: Findings, path: Path) -> None:
    """The gap, what closes most of it, and both networks at their best."""
    names = list(dict.fromkeys([*study.verdict.gap, *_best_changes(study, findings), *study.verdict.contest]))
    title = f"Test loss as reported, with its cause removed, and at its best (scale {study.scale})"
    with canvas(path, title, NOTE, height=1.5 + 0.42 * len(names)) as figure:
        losses(figure.subplots(), study, findings, names)


def _best_changes(study: Study, findings: Findings) -> list[str]:
    """Each hypothesis's change to the losing network that closes most, if it closes a quarter of the gap."""
    effects = findings.effects[findings.effects["decides"] & (findings.effects["before"] == study.verdict.gap[0])]
    effects = effects[effects["hypothesis"].isin(study.verdict.hypotheses) & (effects["share"] > ENOUGH)]
    best = effects.sort_values("share").groupby("hypothesis", sort=False).tail(1)
    return [name for name in best["after"] if name not in study.verdict.gap]


def _stages(axes: Axes, findings: Findings, names: list[str]) -> None:
    """Size of the gradient by stage, from the input to the output."""
    for place, name in enumerate(names):
        sizes = findings.stages.loc[findings.stages["variant"] == name, "gradient_rms"].to_numpy(float)
        style: Style = {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)]}
        axes.plot(np.linspace(0, 1, len(sizes)), sizes, label=name, marker="o", markersize=3, **style)
    axes.set_yscale("log")
    axes.set_xticks([0, 1], ["first stage", "last"])
    axes.set_ylabel("gradient (root mean square)")
    axes.set_ylim(top=100 * axes.get_ylim()[1])  # the legend's place
    axes.grid(axis="y")
    axes.legend(fontsize=8.5, ncol=2, loc="upper center")


def _curves(axes: Axes, findings: Findings, names: list[str]) -> None:
    """The training loss over steps."""
    for place, name in enumerate(names):
        curve = findings.curves[findings.curves["variant"] == name]
        smooth = curve["loss"].rolling(10, min_periods=1).mean()
        style: Style = {
            "color": COLOURS[place % len(COLOURS)],
            "linestyle": DASHES[place % len(DASHES)],
        }
        axes.plot(curve["step"], smooth, label=name, linewidth=1.3, **style)
    logarithmic(axes)
    axes.set(xlabel="training step", ylabel="training loss")
    axes.legend(fontsize=8.5)


def _spread(axes: Axes, findings: Findings, names: list[str]) -> None:
    """Do predictions vary as much as the truth, and along with it?"""
    for name in names:
        row = findings.of(name)
        colour, marker = ARCHITECTURES[row["architecture"]]
        axes.plot(row["spread"], row["correlation"], marker, color=colour)
    axes.set(xlabel="spread of prediction / spread of truth", ylabel="correlation with the truth")
    axes.margins(x=0.35, y=0.12)
    axes.grid()
    _named(axes, {name: (findings.of(name)["spread"], findings.of(name)["correlation"]) for name in names})


def _named(axes: Axes, points: dict[str, tuple[float, float]]) -> None:
    """Write each name next to its point, where no other name is yet, if there is such a place."""
    figure = axes.get_figure(root=True)
    assert figure
    figure.draw_without_rendering()  # positions are those of the finished figure
    taken: list[Bbox] = []
    for name, point in points.items():
        for x, y in ((5, 3), (-5, 3), (5, -10), (-5, -10), (5, 12), (-5, 12)):
            side = "left" if x > 0 else "right"
            text = axes.annotate(name, point, xytext=(x, y), textcoords="offset points", ha=side, fontsize=8)
            box = text.get_window_extent()
            if not any(box.overlaps(other) for other in taken):
                break
            text.remove()
        taken.append(box)


BESIDE: dict[str, Panel] = {"stages": _stages, "curves": _curves, "spread": _spread}
