"""How good must a speed sensor be? The effect of each of its faults on depth that learns its scale from it."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from packdepth.analysis.temporal_table import FAULTS, faults, summarise_temporal
from packdepth.config.study import Study
from packdepth.config.variants import Variant
from packdepth.figures._style import COLOURS, MARKERS, Style, canvas, legend_below_title

GROUP = "sensors"
LABELS = {"noise": "noise (m/s)", "bias": "bias (%)", "lag": "lag (s)", "drop_out": "drop-out (%)"}
PERCENT = ("bias", "drop_out")
FLOOR = {"fillstyle": "none"}


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    table = summarise_temporal(study, GROUP).set_index("variant")
    found = {fault: by_reference(study, fault) for fault in FAULTS}
    references = list(dict.fromkeys(name for of_fault in found.values() for name in of_fault))
    with canvas(path, finding(table["abs_rel"], found), _note(study), height=5) as figure:
        errors, factors = figure.subplots(2, len(FAULTS), sharex="col", sharey="row")
        for panels, (fault, of_fault) in zip(zip(errors, factors, strict=True), found.items(), strict=True):
            for reference, amounts in of_fault.items():
                rows = table.loc[list(amounts.values())].set_axis(_shown(fault, amounts))
                _dots(*panels, rows, reference, _style(references.index(reference)))
            if not of_fault:
                _say_none(*panels)
            panels[1].set_xlabel(LABELS[fault])
            panels[1].axhline(1, color="black", linestyle="--", linewidth=1.2)
        errors[0].set(ylabel="abs_rel", ylim=(0, 1.05 * errors[0].get_ylim()[1]))
        factors[0].set(ylabel="mean scale factor")
        handles = {
            label: mark for axes in errors for mark, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        legend_below_title(figure, list(handles.values()), list(handles))


def by_reference(study: Study, fault: str) -> dict[str, dict[float, str]]:
    """The variants of `sensors` whose sensor has only this fault, by its amount, in order.

    Each is listed under its reference, the variant with a perfect sensor that is otherwise the same; the reference
    is included, at 0. A variant without one is left out.
    """
    found: dict[str, dict[float, str]] = {}
    for name in study.shown(GROUP):
        variant = study.variant(name)
        amounts = faults(variant.training)
        reference = _reference(study, variant)
        if amounts.keys() == {fault} and reference:
            found.setdefault(reference, {0.0: reference})[amounts[fault]] = name
    return {reference: dict(sorted(amounts.items())) for reference, amounts in found.items()}


def finding(errors: pd.Series, found: dict[str, dict[str, dict[float, str]]]) -> str:
    """In words: which fault raises abs_rel (by variant) most; `found` is `by_reference` of each fault."""
    rises = {
        (fault, amount): (errors[name] / errors[reference], errors[reference], errors[name])
        for fault, of_fault in found.items()
        for reference, amounts in of_fault.items()
        for amount, name in amounts.items()
        if amount and pd.notna(errors[name]) and pd.notna(errors[reference])
    }
    if not rises:
        return "No speed sensor has a fault"
    (fault, amount), (ratio, before, after) = max(rises.items(), key=lambda item: item[1][0])
    if ratio <= 1:
        return "No fault of the speed sensor raises abs_rel"
    name, unit = LABELS[fault].removesuffix(")").split(" (")
    amount = 100 * amount if fault in PERCENT else amount
    return f"Of these faults {name} of {amount:g} {unit} harms most: abs_rel {after:.2f} instead of {before:.2f}"


def _reference(study: Study, variant: Variant) -> str | None:
    """The first variant of `sensors` like this one, with a perfect sensor."""
    perfect = variant.training.velocity.model_copy(update=dict.fromkeys(FAULTS, 0.0))
    training = variant.training.model_copy(update={"velocity": perfect})
    others = map(study.variant, study.shown(GROUP))
    return next((o.name for o in others if (o.network, o.training) == (variant.network, training)), None)


def _note(study: Study) -> str:
    several = len(study.seeds) > 1
    seeds = f"Mean of {len(study.seeds)} seeds, whiskers: deviation" if several else f"Seed {study.seeds[0]}"
    return (
        f"Scale {study.scale}. {seeds}. 0: the perfect sensor; dashed: metric. Median-scaled: what no fault of the"
        " scale can spoil."
    )


def _style(place: int) -> Style:
    return {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}


def _shown(fault: str, amounts: dict[float, str]) -> list[float]:
    return [100 * amount if fault in PERCENT else amount for amount in amounts]


def _dots(error: Axes, factor: Axes, rows: pd.DataFrame, reference: str, style: Style) -> None:
    _dot(error, rows, "abs_rel", style | {"label": f"{reference}, as predicted"})
    _dot(error, rows, "abs_rel_scaled", style | FLOOR | {"label": f"{reference}, median-scaled"})
    _dot(factor, rows, "factor", style)


def _dot(axes: Axes, rows: pd.DataFrame, column: str, style: Style) -> None:
    """Draw a column of the table against its index, with the deviation over seeds, if there is one."""
    spread = rows[f"{column}_std"] if rows[f"{column}_std"].notna().any() else None
    axes.grid(visible=True)
    axes.errorbar(rows.index, rows[column], yerr=spread, capsize=3, markersize=7, linestyle="", **style)


def _say_none(*panels: Axes) -> None:
    for axes in panels:
        axes.text(0.5, 0.5, "no variant", color="0.4", ha="center", transform=axes.transAxes)
        axes.set_xticks([0.5], [" "])  # keeps the label as low as its neighbours'
