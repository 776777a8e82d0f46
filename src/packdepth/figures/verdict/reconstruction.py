"""What autoencoders keep of photographs and of the test images: PSNR, and the error by spatial frequency."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from packdepth.analysis.findings import Findings
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic
from packdepth.figures._style import COLOURS, DASHES, MARKERS, Style, canvas

NOTE = "Relative error: energy of the error over that of the images, by octaves of spatial frequency."
ERRORS = "error_to_"


def draw(study: Study, findings: Findings, key: str, names: list[str], path: Path) -> None:
    """Write the figure of the hypothesis on autoencoders to `path`."""
    title = f"{key}: {study.verdict.hypotheses[key].claim} (scale {study.scale})"
    with canvas(path, title, NOTE, height=max(3.6, 1.5 + 0.4 * len(names))) as figure:
        left, right = figure.subplots(1, 2)
        _psnr(left, findings, names)
        _by_frequency(right, findings, names)


def _psnr(axes: Axes, findings: Findings, names: list[str]) -> None:
    """One row per autoencoder, one mark per set of images."""
    sources = findings.autoencoders["images"].unique()
    for place, (source, marker) in enumerate(zip(sources, MARKERS, strict=False)):
        table = findings.autoencoders[findings.autoencoders["images"] == source].set_index("variant")
        psnr = table.loc[names, "psnr"]
        axes.plot(psnr, range(len(names)), marker, color=COLOURS[place], label=source)
        for row, value in enumerate(psnr):
            axes.annotate(
                f"{value:.1f}", (value, row), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8
            )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.8)
    axes.set_xlabel("PSNR (dB), higher is better")
    axes.margins(x=0.12)
    axes.grid(axis="x")
    axes.legend(title="images", fontsize=8.5)


def _by_frequency(axes: Axes, findings: Findings, names: list[str]) -> None:
    """The errors on the last set of images: photographs, where they are large enough."""
    source = findings.autoencoders["images"].iloc[-1]
    table = findings.autoencoders[findings.autoencoders["images"] == source].set_index("variant")
    columns = [name for name in table.columns if name.startswith(ERRORS)]
    ends = np.array([float(name.removeprefix(ERRORS)) for name in columns])
    for place, name in enumerate(names):
        style: Style = {"color": COLOURS[place % len(COLOURS)], "linestyle": DASHES[place % len(DASHES)]}
        axes.plot(
            ends, table.loc[name, columns].to_numpy(float), marker=MARKERS[place % len(MARKERS)], label=name, **style
        )
    logarithmic(axes)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None, symbol=" %"))
    axes.set_xscale("log", base=2)
    axes.set_xticks(ends, [f"{end:g}" for end in ends])
    axes.set(xlabel="spatial frequency up to (cycles / px)", ylabel=f"relative error, {source}")
    axes.legend(fontsize=8)
