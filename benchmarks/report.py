"""Tables and figures from `networks.py` and `loader.py`: python benchmarks/report.py [--folder FOLDER]

Writes speed.md, batch_size.png and image_size.png next to the measurements.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd
from contenders import DENSEDEPTH, HALF, OURS, PUBLISHED, PUBLISHED_FP32
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from packdepth.utils.files import atomic_write

STYLES = {
    PUBLISHED: {"color": "#D55E00", "marker": "s", "linestyle": "--"},
    OURS: {"color": "#0072B2", "marker": "o"},
    HALF: {"color": "#56B4E9", "marker": "v", "linestyle": ":"},
    DENSEDEPTH: {"color": "#444444", "marker": "^", "linestyle": "-."},
}
NAMES = {PUBLISHED: "PackNet, published code", OURS: "PackNet, ours", HALF: "PackNet, ours, half resolution"}
CASE = ["network", "height", "width", "batch", "precision", "allocator"]
TIMES = ("forward", "forward and backward", "step")
ONCE = ("memory", "forward FLOPs")


def ratios(rows: pd.DataFrame, of: str, to: str) -> pd.DataFrame:
    """One row per case: the cost of `of` over that of `to`; median, least and greatest over the rounds."""
    told = []
    both = rows[rows.contender.isin([of, to])]
    for case, group in both.groupby(CASE, sort=False):
        row: dict[str, Any] = dict(zip(CASE, case, strict=True))
        table = group.pivot(index=["what", "round"], columns="contender", values="value")
        if not {of, to} <= set(table.columns):
            continue
        ratio = table[of] / table[to]
        for what in TIMES:
            seen = ratio.loc[what]
            row[what] = f"{seen.median():.2f} ({seen.min():.2f} to {seen.max():.2f})"
        row |= {what: f"{ratio.loc[what].iloc[0]:.2f}" for what in ONCE}
        told.append(row)
    return pd.DataFrame(told)


def absolute(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for every case and contender: median seconds, MiB, 1e9 operations."""
    wide = rows.groupby([*CASE, "contender", "what"], sort=False).value.median().unstack("what").reset_index()
    digits = {**dict.fromkeys(TIMES, 2), **dict.fromkeys(ONCE, 0)}
    return wide[[*CASE, "contender", *TIMES, *ONCE]].round(digits)


def as_markdown(table: pd.DataFrame) -> str:
    """A table of Markdown, sizes in one column."""
    table = table.assign(image=table.height.astype(str) + "x" + table.width.astype(str))
    columns = ["network", "image", *table.columns.difference(["network", "image", "height", "width"], sort=False)]
    lines = ["| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table[columns].itertuples(index=False)]
    return "\n".join(lines)


def draw(rows: pd.DataFrame, x: str, label: str, path: Path) -> None:
    """Time and memory of a training step of every contender against `x`, both on logarithmic axes."""
    figure, (time, memory) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
    for contender, style in STYLES.items():
        of_one = rows[rows.contender == contender]
        if of_one.empty:
            continue
        name = NAMES.get(contender, contender)
        seconds = of_one[of_one.what == "step"].groupby(x).value
        middle = seconds.median()
        spread = [middle - seconds.min(), seconds.max() - middle]
        time.errorbar(middle.index, middle, yerr=spread, label=name, capsize=2, markersize=5, **style)
        gib = of_one[of_one.what == "memory"].set_index(x).value / 2**10
        memory.plot(gib.index, gib, label=name, markersize=5, **style)
    for axes, title in ((time, "training step (s)"), (memory, "peak memory of a step (GiB)")):
        _finish(axes, sorted(rows[x].unique()), label, title)
    time.legend(frameon=False, fontsize=9)
    with atomic_write(path) as part:
        figure.savefig(part, dpi=120, format="png")


def _finish(axes: Axes, ticks: list[float], label: str, title: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.minorticks_off()
    axes.set_xlabel(label)
    axes.set_title(title, fontsize=11)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def report(folder: Path) -> None:
    """Write the tables and figures of the measurements in `folder`."""
    rows = pd.read_csv(folder / "networks.csv", keep_default_na=False)
    machine = json.loads((folder / "machine.json").read_text())
    of_ratios = rows[rows.study == "ratios"]
    parts = ["# Measurements", "", *(f"- {key}: {value}" for key, value in machine.items()), ""]
    for of, to in ((PUBLISHED, OURS), (PUBLISHED_FP32, OURS), (HALF, DENSEDEPTH)):
        if not (table := ratios(of_ratios, of, to)).empty:
            parts += [f"## {of} / {to}", "", as_markdown(table), ""]
    parts += ["## Seconds, MiB and 1e9 operations", "", as_markdown(absolute(of_ratios)), ""]
    with atomic_write(folder / "speed.md") as part:
        part.write_text("\n".join(parts))
    for study, x, label in (("batch", "batch", "batch size"), ("image", "pixels", "pixels of the image (thousands)")):
        chosen = rows[rows.study == study]
        if not chosen.empty:
            chosen = chosen.assign(pixels=(chosen.height * chosen.width / 1000).round(1))
            draw(chosen, x, label, folder / f"{study}_size.png")


def main() -> None:
    """Report on one folder."""
    matplotlib.use("Agg")
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--folder", type=Path, default=Path("results/bench"))
    report(arguments.parse_args().folder)


if __name__ == "__main__":
    main()
