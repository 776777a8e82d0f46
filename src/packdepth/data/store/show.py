"""What a store holds, in words and as a contact sheet: `packdepth data show FILE`."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from packdepth.data.store.frames import OPTIONAL, Store
from packdepth.errors import InputError
from packdepth.utils.files import atomic_write
from packdepth.utils.images import thumbnail_of_depth

COLUMNS, ROWS = 6, 3  # frames on the sheet
WIDTH, WIDEST = 10.0, 3.5  # in, of all frames side by side and of one at most
BAR, TITLE = 1.0, 0.25  # in, of the colour bar and of a title
PERCENTILES = (5, 25, 50, 75, 95)
SAMPLED = 200  # frames whose depth is counted
FORMATS = (".png", ".jpg", ".jpeg")


def show_store(path: Path, sheet: Path) -> str:
    """Save the contact sheet and return the description. Raises InputError if the store is broken."""
    if sheet.suffix.lower() not in FORMATS:
        raise InputError(f"{sheet}: a contact sheet is a picture; expected a name that ends in {', '.join(FORMATS)}")
    store = Store(path)
    figure = contact_sheet(store)
    with atomic_write(sheet) as part:
        figure.savefig(part, dpi=100)
    return f"{describe(store)}\ncontact sheet  {sheet}"


def describe(store: Store) -> str:
    """Origin, sizes, depth's percentiles and optional arrays, one per line."""
    chosen = _spread(len(store), SAMPLED)
    parts, pixels = [], 0
    for index in chosen:  # one at a time: whole frames of sparse depth would take gigabytes
        depth = store.depth(index)
        parts.append(depth[depth > 0])
        pixels += depth.size
    known = np.concatenate(parts)
    values = np.percentile(known, PERCENTILES)
    marks = "  ".join(f"{share} %: {value:.2f}" for share, value in zip(PERCENTILES, values, strict=True))
    share = len(known) / pixels
    size, attributes = store.path.stat().st_size, store.attributes
    kept = "JPEG files" if store.encoded else "pixels"
    lines = {
        "store": store.path,
        "data set": f"{attributes['dataset']}, version {attributes['version']}, {attributes['licence']}",
        "cite": attributes["citation"],
        "source": attributes["source"],
        "parameters": attributes["parameters"],
        "frames": f"{len(store)} of {store.size[0]}x{store.size[1]} px, {size / 2**20:.1f} MiB",
        "a frame": f"{size / store.images:.0f} bytes; images as {kept}, {store.images - len(store)} without depth",
        "ids": f"{store.id(0)} ... {store.id(len(store) - 1)}",
        "depth (m)": f"{marks}  max: {known.max():.2f}  known: {share:.1%} (of {len(chosen)} frames)",
        "focal (px)": f"{store.intrinsics(0)[0, 0]:.2f}, {store.intrinsics(0)[1, 1]:.2f}",
        "optional": ", ".join(name for name in OPTIONAL if store.has(name)) or "none",
        "fingerprint": store.fingerprint,
    }
    return "\n".join(f"{name:<14} {value}" for name, value in lines.items())


def contact_sheet(store: Store) -> Figure:
    """Frames spread evenly over the store, each image above its depth, on one scale of depth in m."""
    chosen = _spread(len(store), COLUMNS * ROWS)
    depths = [np.ma.masked_equal(thumbnail_of_depth(store.depth(index)), 0) for index in chosen]
    far = float(np.percentile(np.concatenate([depth.compressed() for depth in depths]), 99))
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    cell = min(WIDTH / columns, WIDEST)
    height, width = store.size
    figure = Figure(figsize=(cell * columns + BAR, rows * (2 * cell * height / width + TITLE)))
    axes = figure.subplots(2 * rows, columns, squeeze=False)
    figure.set_layout_engine("constrained", h_pad=0.02, w_pad=0.02, hspace=0, wspace=0)
    for axis in axes.flat:
        axis.axis("off")
    for place, index in enumerate(chosen):
        row, column = divmod(place, columns)
        axes[2 * row, column].imshow(store.rgb(index))
        axes[2 * row, column].set_title(_short(store.id(index), round(16 * cell)), fontsize=7)
        shown = axes[2 * row + 1, column].imshow(
            depths[place], cmap="viridis_r", vmin=0, vmax=far, extent=(0, width, height, 0)
        )
    figure.colorbar(shown, ax=axes, shrink=0.5, label="depth (m)", extend="max", pad=0.01, fraction=0.05)
    return figure


def _short(name: str, most: int) -> str:
    return name if len(name) <= most else f"…{name[1 - most :]}"


def _spread(frames: int, most: int) -> list[int]:
    return sorted({int(index) for index in np.linspace(0, frames - 1, min(frames, most))})
