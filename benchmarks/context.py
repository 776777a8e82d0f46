"""Frames per second of the generator of synthetic context, by image size and motion: python benchmarks/context.py

A frame is both of its neighbours, including those remade where the motion had to be shortened. Median and range of
several rounds that take the cases in turn, on one core and on all that torch sees, or on a GPU.
"""

import statistics
import time

import torch

from packdepth.config.load import load_study
from packdepth.data import rooms
from packdepth.data.context.synthesis import synthesize

SIZES = ((96, 128), (240, 320))
MOTIONS = ("handheld", "vehicle")
FRAMES = {"cpu": 16, "cuda": 1024}
ROUNDS = 5


def main() -> None:
    """Print one line a case."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    threads = sorted({1, torch.get_num_threads()}) if device == "cpu" else [torch.get_num_threads()]
    frames = {size: rooms.render(0, "benchmark", range(FRAMES[device]), size, device=device) for size in SIZES}
    cases = [(count, size, motion) for size in SIZES for motion in MOTIONS for count in threads]
    rates: dict[tuple[int, tuple[int, int], str], list[float]] = {case: [] for case in cases}
    for _ in range(1 + ROUNDS):
        for count, size, motion in cases:
            torch.set_num_threads(count)
            rates[count, size, motion].append(_rate(frames[size], motion))
    print(f"{device}, torch {torch.__version__}")
    for (count, (height, width), motion), (_, *seen) in rates.items():  # the first is warm-up
        told = f"median {statistics.median(seen):.0f} frames/s, {min(seen):.0f} to {max(seen):.0f}"
        print(f"{height}x{width}, {motion}, {count} threads: {told}")


def _rate(frames: rooms.Frames, motion: str) -> float:
    model = load_study().motions[motion]
    start = time.perf_counter()
    synthesize(frames.rgb, frames.depth, frames.intrinsics, frames.id, model, seed=0).mask.cpu()
    return len(frames.id) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
