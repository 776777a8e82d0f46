"""What a store holds, in words and as a contact sheet: `packdepth data show FILE`."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from packdepth.data.store import OPTIONAL, Store
from packdepth.files import whole

COLUMNS, ROWS = 6, 3  # frames on the sheet
WIDTH, CELL = 12.0, 1.8  # in, of the sheet and of one frame
PERCENTILES = (5, 25, 50, 75, 95)
SAMPLED = 200  # frames whose depth is counted


def show(path: Path, sheet: Path) -> str:
    """Save the contact sheet and return the description. Raises InputError if the store is broken."""
    store = Store(path)
    figure = contact_sheet(store)
    with whole(sheet) as part:
        figure.savefig(part, format="png", dpi=100)
    return f"{describe(store)}\ncontact sheet  {sheet}"


def describe(store: Store) -> str:
    """Origin, sizes, depth's percentiles and optional arrays, a line each."""
    chosen = _spread(len(store), SAMPLED)
    depth = np.stack([store.depth(index) for index in chosen])
    known = depth[depth > 0]
    values = np.percentile(known, PERCENTILES)
    marks = "  ".join(f"{share} %: {value:.2f}" for share, value in zip(PERCENTILES, values, strict=True))
    attributes = store.attributes
    lines = {
        "store": store.path,
        "data set": f"{attributes['dataset']}, version {attributes['version']}, {attributes['licence']}",
        "source": attributes["source"],
        "parameters": attributes["parameters"],
        "frames": f"{len(store)} of {store.size[0]}x{store.size[1]} px, {store.path.stat().st_size / 2**20:.1f} MiB",
        "ids": f"{store.id(0)} ... {store.id(len(store) - 1)}",
        "depth (m)": f"{marks}  max: {known.max():.2f}  known: {len(known) / depth.size:.1%} (of {len(chosen)} frames)",
        "focal (px)": f"{store.intrinsics(0)[0, 0]:.2f}, {store.intrinsics(0)[1, 1]:.2f}",
        "optional": ", ".join(name for name in OPTIONAL if store.has(name)) or "none",
        "fingerprint": store.fingerprint,
    }
    return "\n".join(f"{name:<14} {value}" for name, value in lines.items())


def contact_sheet(store: Store) -> Figure:
    """Frames spread evenly over the store, each image above its depth, on one scale of depth in m."""
    chosen = _spread(len(store), COLUMNS * ROWS)
    depths = np.ma.masked_equal([store.depth(index) for index in chosen], 0)
    far = float(np.percentile(depths.compressed(), 99))
    rows = -(-len(chosen) // COLUMNS)
    aspect = store.size[0] / store.size[1]
    height = rows * (2 * aspect * CELL + 0.25)  # in; the last part for a title
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.subplots(2 * rows, COLUMNS, squeeze=False)
    figure.set_layout_engine("constrained", h_pad=0.02, w_pad=0.02, hspace=0, wspace=0)
    for axis in axes.flat:
        axis.axis("off")
    for place, index in enumerate(chosen):
        row, column = divmod(place, COLUMNS)
        axes[2 * row, column].imshow(store.rgb(index))
        axes[2 * row, column].set_title(store.id(index), fontsize=7)
        picture = axes[2 * row + 1, column].imshow(depths[place], cmap="viridis_r", vmin=0, vmax=far)
    figure.colorbar(picture, ax=axes, shrink=0.5, label="depth (m)", extend="max", pad=0.01, fraction=0.05)
    return figure


def _spread(frames: int, most: int) -> list[int]:
    return sorted({int(index) for index in np.linspace(0, frames - 1, min(frames, most))})
