"""How fast one process reads a store in random order, image and depth: python benchmarks/reading.py STORE...

Rounds take the stores in turn. Prints bytes a frame, the median of the rounds and their range. A store that was just
written is in memory, so the disk is hardly used.
"""

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from packdepth.data.store.frames import Store

READS, ROUNDS = 30, 7


def main() -> None:
    """Print one line a store."""
    stores = [Store(Path(name)) for name in sys.argv[1:]]
    rates: dict[Path, list[float]] = {store.path: [] for store in stores}
    order = np.random.default_rng(0)
    for _ in range(ROUNDS):
        for store in stores:
            start = time.perf_counter()
            for index in order.integers(len(store), size=READS).tolist():
                store.rgb(index)
                store.depth(index)
            rates[store.path].append(READS / (time.perf_counter() - start))
    for store in stores:
        seen, kept = rates[store.path], "JPEG files" if store.encoded else "pixels"
        size = store.path.stat().st_size / store.images
        told = f"median {statistics.median(seen):.0f} frames/s ({min(seen):.0f} to {max(seen):.0f})"
        print(f"{store.path}: {store.size[0]}x{store.size[1]}, {kept}, {size:.0f} B a frame, {told}")


if __name__ == "__main__":
    main()
