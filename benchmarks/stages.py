"""Where the time of a PackNet training step goes: python benchmarks/stages.py [--size slim|full] [--plain]

Every part runs by itself, forward and backward, on its input in the network (480x640, batch 1); the parts
alternate. Prints the median milliseconds, the arithmetic (1e9 operations a second, backward counted as twice forward),
and the share of the sum. What runs near the fastest rate is bound by arithmetic, what runs far below it by memory.
"""

import argparse
import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from packdepth import models
from packdepth.config.load import load_study
from packdepth.models.packnet import PackNet
from packdepth.training import computing

SIZE, ROUNDS = (480, 640), 5


def parts(network: PackNet) -> dict[str, nn.Module]:
    """The network's parts by name."""
    named: dict[str, nn.Module] = {"stem": network.stem}
    for side, levels in (("encoder", network.encoder), ("decoder", network.decoder)):
        for number, level in levels.items():
            named |= {f"{side} {number}, {name}": part for name, part in level.named_children()}
    return named


def inputs(network: PackNet, named: dict[str, nn.Module]) -> dict[str, tuple[Any, ...]]:
    """What every part is given."""
    given: dict[str, tuple[Any, ...]] = {}
    for name, part in named.items():
        part.register_forward_pre_hook(lambda _, args, name=name: given.__setitem__(name, args))
    with torch.no_grad():
        network.forward_scales(torch.rand(1, 3, *SIZE))
    return given


def timed(part: nn.Module, given: tuple[Any, ...], first: bool) -> tuple[float, float]:
    """Seconds forward and backward; the first part's input, the image, needs no gradient."""
    values = [value.clone().requires_grad_(not first) if isinstance(value, Tensor) else value for value in given]
    start = time.perf_counter()
    output = part(*values)
    forward = time.perf_counter()
    output.backward(torch.ones_like(output))
    return forward - start, time.perf_counter() - forward


def main() -> None:
    """Print one row per part."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--size", default="slim")
    arguments.add_argument("--plain", action="store_true", help="by torch's own convolutions")
    asked = arguments.parse_args()
    network = models.build(architecture="packnet", size=asked.size, full_resolution=True)
    assert isinstance(network, PackNet)
    settings = load_study().training.cpu
    computing.configure(network, settings.model_copy(update={"implementation": "plain"} if asked.plain else {}))
    named = parts(network.train())
    given = inputs(network, named)
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in named}
    for number in range(ROUNDS + 1):
        for name, part in named.items():
            times = timed(part, given[name], first=name == "stem")
            seen[name] += [times] if number else []
    middle = {name: [statistics.median(column) for column in zip(*times, strict=True)] for name, times in seen.items()}
    whole = sum(map(sum, middle.values()))
    print("| part | forward (ms) | backward (ms) | 1e9 operations/s | share |\n| --- | ---: | ---: | ---: | ---: |")
    for name, (forward, backward) in middle.items():
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            named[name](*given[name])
        rate = 3 * counter.get_total_flops() / (forward + backward) / 1e9
        share = (forward + backward) / whole
        print(f"| {name} | {1e3 * forward:.0f} | {1e3 * backward:.0f} | {rate:.0f} | {share:.1%} |")
    print(f"\nsum {whole:.2f} s, {torch.get_num_threads()} threads, torch {torch.__version__}")


if __name__ == "__main__":
    main()
