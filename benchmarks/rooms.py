"""Frames per second of the rooms ray caster, by image size: python benchmarks/rooms.py

Best and median of several rounds that take the sizes in turn, on all cores torch sees, or on a GPU.
"""

import statistics
import time

import torch

from packdepth.data import rooms

SIZES = ((96, 128), (128, 160), (240, 320))
FRAMES, ROUNDS = 128, 5


def main() -> None:
    """Print one line a size."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    rates: dict[tuple[int, int], list[float]] = {size: [] for size in SIZES}
    for size in SIZES:
        rooms.render(0, "warm-up", range(16), size, device=device)
    for first in range(0, ROUNDS * FRAMES, FRAMES):
        for size in SIZES:
            start = time.perf_counter()
            rooms.render(0, "benchmark", range(first, first + FRAMES), size, device=device).rgb.cpu()
            rates[size].append(FRAMES / (time.perf_counter() - start))
    print(f"{device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    for (height, width), seen in rates.items():
        print(f"{height}x{width}: median {statistics.median(seen):.0f} frames/s, best {max(seen):.0f}")


if __name__ == "__main__":
    main()
