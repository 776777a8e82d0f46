"""What a training step costs: ours, the published code and DenseDepth, measured alternately with the same weights.

    python benchmarks/networks.py [--reference CHECKOUT_OF_PACKNET_SFM] [--rounds N] [--study NAME...] [--folder FOLDER]

Studies: `ratios` (slim and full, 480x640 and 256x320, fp32 and bf16), `batch` (batches of 1 to 32), `image` (sizes from
96x128 to 480x640). Every case runs in a process of its own, on a CPU once with glibc's allocator as it is and once
tuned. Measurements go to FOLDER/networks.csv; `benchmarks/report.py` turns them into tables and figures.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from contenders import DENSEDEPTH, HALF, OURS, PUBLISHED, PUBLISHED_FP32, contenders
from measuring import Case, measure

from packdepth.config.load import load_study
from packdepth.utils.files import atomic_write, write_json

TUNED = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "8589934592"}
BATCHES, BATCH_SIZE = (1, 2, 4, 8, 16, 32), {"cpu": (128, 160), "cuda": (480, 640)}
IMAGES = ((96, 128), (192, 256), (256, 320), (384, 512), (480, 640))


def cases(device: str) -> list[Case]:
    """All of them, those of the ratios first."""
    ratios = [
        Case("ratios", network, *shape, precision)
        for precision in ("fp32", "bf16")
        for network in ("slim", "full")
        for shape in ((480, 640, 1), (256, 320, 4), *([(480, 640, 4)] if device == "cuda" else []))
    ]
    precision = "bf16" if device == "cuda" else "fp32"
    batches = [Case("batch", "slim", *BATCH_SIZE[device], batch, precision) for batch in BATCHES]
    return [*ratios, *batches, *(Case("image", "slim", *size, 1, precision) for size in IMAGES)]


def run_case(case: Case, reference: Path | None, rounds: int) -> None:
    """Print every measurement as a line of JSON."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    names = [PUBLISHED, OURS, *([HALF, DENSEDEPTH] if case.network == "slim" else [])]
    if device.type == "cuda" and (case.study, case.precision) == ("ratios", "bf16"):
        names.append(PUBLISHED_FP32)
    for row in measure(contenders(names, case.network, device, reference), case, rounds, device):
        print(json.dumps(row), flush=True)


def run_all(given: argparse.Namespace, device: str) -> None:
    """Run the chosen cases one after the other and keep their measurements."""
    if given.reference is None:
        print("no --reference: the published code is left out")
    allocators = {"default": {}, "tuned": TUNED} if device == "cpu" else {"torch's": {}}
    given.folder.mkdir(parents=True, exist_ok=True)
    write_json(given.folder / "machine.json", machine(device))
    rows: list[dict[str, object]] = []
    for case in cases(device):
        # The allocator matters only to the ratios; the other studies run as the study does.
        chosen = allocators if case.study == "ratios" and case.precision == "fp32" else [*allocators][-1:]
        for allocator in chosen if case.study in given.study else []:
            print(*asdict(case).values(), allocator, flush=True)
            rows += [row | {"allocator": allocator} for row in _in_a_process(case, given, allocators[allocator])]
            if rows:  # after every case, so that a failure of the last does not lose an hour of measurements
                _keep(rows, given.folder)


def _keep(rows: list[dict[str, object]], folder: Path) -> None:
    with atomic_write(folder / "networks.csv") as part, part.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def _in_a_process(case: Case, given: argparse.Namespace, environment: dict[str, str]) -> list[dict[str, object]]:
    command = [sys.executable, __file__, "--rounds", str(given.rounds), "--case", json.dumps(asdict(case))]
    if given.reference:
        command += ["--reference", str(given.reference)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        print(f"  not measured: {done.stderr.strip().splitlines()[-1:] or done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def machine(device: str) -> dict[str, object]:
    """Where the numbers come from."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = torch.cuda.get_device_name() if device == "cuda" else names[0].partition(": ")[2]
    commit = subprocess.run(["git", "describe", "--always", "--exclude=*", "--dirty=+"], capture_output=True, text=True)
    return {
        "device": name,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "computing": load_study().training.on(device).model_dump(),
        "tf32": False,
        "tuned allocator": TUNED if device == "cpu" else {},
    }


def main() -> None:
    """Measure one case, as a process of its own, or all that are requested."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--reference", type=lambda path: Path(path).resolve() if path else None)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--study", nargs="+", default=["ratios", "batch", "image"])
    arguments.add_argument("--folder", type=Path, default=Path("results/bench"))
    arguments.add_argument("--case", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.case:
        run_case(Case(**json.loads(given.case)), given.reference, given.rounds)
    else:
        run_all(given, "cuda" if torch.cuda.is_available() else "cpu")


if __name__ == "__main__":
    main()
