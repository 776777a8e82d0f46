"""Shuffled batches of four frames at 480x640: images a second, by storage format and by number of loader processes.

    python benchmarks/loader.py [--images JPEG...] [--folder FOLDER]

Compares our store with pixels, our store with JPEG files, and the usual method for DenseDepth's archive. That is a zip
read into memory whole, PIL, flips and channel swaps in the loader, float tensors out, depth at half the size. Frames
are rooms, or the images given with the depth of rooms. Then a training step of PackNet at the scale `nyu` reads its
batches, and the share of its time that it waits is printed. All files were just written, so the disk is hardly used.
"""

import argparse
import csv
import io
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from packdepth import models
from packdepth.config.load import load_study
from packdepth.data import rooms
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import Store
from packdepth.data.store.writer import Origin, create_store
from packdepth.training import computing
from packdepth.training.augmentation import Item, augment_batch
from packdepth.training.loader import CountedBatches, TrainingFrames, batches
from packdepth.utils.files import atomic_write

SIZE, FRAMES, BATCH = (480, 640), 64, 4
WORKERS, ROUNDS, EPOCHS = (0, 1, 2), 3, 2
STEPS = 3
CPU = torch.device("cpu")
ORIGIN = Origin("rooms", 1, "none", "none", "benchmark", {})
Loader = Callable[[int], DataLoader[Item]]


class ZipFrames(Dataset[Item]):
    """A zip of JPEG images and 8-bit PNG depth in memory; frames are decoded, augmented and made tensors one by one."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as file:
            self.data = {name: file.read(name) for name in file.namelist()}

    def __len__(self) -> int:
        return EPOCHS * FRAMES

    def __getitem__(self, index: int) -> Item:
        """`image` in [0, 1], (3, H, W), and `depth` in metres at half the size, (1, H/2, W/2)."""
        image: Image.Image = Image.open(io.BytesIO(self.data[f"{index % FRAMES}.jpg"]))
        depth: Image.Image = Image.open(io.BytesIO(self.data[f"{index % FRAMES}.png"]))
        if torch.rand(()) < 0.5:
            image, depth = (picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for picture in (image, depth))
        if torch.rand(()) < 0.25:
            image = Image.fromarray(np.asarray(image)[..., torch.randperm(3).tolist()])
        half = depth.resize((SIZE[1] // 2, SIZE[0] // 2))
        return {
            "image": torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous().float() / 255,
            "depth": torch.from_numpy(np.array(half))[None].float() * (10 / 255),
        }


def make_forms(folder: Path, images: list[Path]) -> dict[str, Loader]:
    """The same frames in every format, and how each is loaded."""
    frames = rooms.render(0, "benchmark", range(FRAMES), SIZE)
    rgb, depth = frames.rgb.numpy(), frames.depth.numpy()
    if images:
        given = [np.asarray(Image.open(path).convert("RGB").resize(SIZE[::-1])) for path in images]
        rgb = np.stack([given[number % len(given)] for number in range(FRAMES)])
    jpegs = [_encoded(Image.fromarray(image), "JPEG", quality=90) for image in rgb]
    for name, pictures in (("pixels", rgb), ("JPEG", jpegs)):
        with create_store(folder / f"{name}.h5", ORIGIN) as writer:
            writer.append(Batch(pictures, depth, frames.intrinsics.numpy(), frames.id))
    with zipfile.ZipFile(folder / "frames.zip", "w", zipfile.ZIP_STORED) as file:
        for number, (jpeg, metres) in enumerate(zip(jpegs, depth, strict=True)):
            counts = (metres * 25.5).clip(0, 255).astype(np.uint8)
            file.writestr(f"{number}.jpg", jpeg)
            file.writestr(f"{number}.png", _encoded(Image.fromarray(counts), "PNG"))
    in_memory = ZipFrames(folder / "frames.zip")
    stores = {name: TrainingFrames(Store(folder / f"{name}.h5"), 0, 0.5, 0.25) for name in ("pixels", "JPEG")}
    return {
        "zip in memory, PIL": lambda workers: DataLoader(in_memory, BATCH, shuffle=True, num_workers=workers),
        **{f"store, {name}": _of_store(frames) for name, frames in stores.items()},
    }


def _encoded(image: Image.Image, form: str, **settings: int) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()


def _of_store(frames: TrainingFrames) -> Loader:
    return lambda workers: batches(frames, CountedBatches(len(frames), BATCH, EPOCHS, 0), workers)


def rate(loader: DataLoader[Item]) -> float:
    """Images a second after the first batch, augmentation included."""
    turns = iter(loader)
    next(turns)
    start, count = time.perf_counter(), 0
    for batch in turns:
        made = augment_batch(batch, CPU) if "flipped" in batch else batch
        count += len(made["image"])
    return count / (time.perf_counter() - start)


def waiting(loader: DataLoader[Item]) -> float:
    """Share of the time that a PackNet's training waits for its batches, after the first one."""
    settings = load_study().at("nyu").variant("packnet").training.on("cpu")
    network = models.build(architecture="packnet").train()
    computing.configure(network, settings)
    waited, start, turns = 0.0, 0.0, iter(loader)
    for step in range(1 + STEPS):
        if step == 1:
            waited, start = 0.0, time.perf_counter()
        since = time.perf_counter()
        batch = augment_batch(next(turns), CPU)
        waited += time.perf_counter() - since
        network(batch["image"]).mean().backward()
    return waited / (time.perf_counter() - start)


def main() -> None:
    """Print and keep a row for every format and number of processes, then for every share."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--images", nargs="*", type=Path, default=[])
    arguments.add_argument("--folder", type=Path, default=Path("results/bench"))
    given = arguments.parse_args()
    rates: dict[tuple[str, int], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        forms = make_forms(Path(folder), given.images)
        for _ in range(ROUNDS):
            for workers in WORKERS:
                for form, loader in forms.items():
                    rates.setdefault((form, workers), []).append(rate(loader(workers)))
        shares = {workers: [waiting(forms["store, JPEG"](workers))] for workers in WORKERS[:2]}
    told = {("images/s", *key): values for key, values in rates.items()}
    told |= {("share of a step waited", "store, JPEG", workers): share for workers, share in shares.items()}
    rows = [[*key, f"{np.median(v):.4g}", f"{min(v):.4g}", f"{max(v):.4g}"] for key, v in told.items()]
    given.folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(given.folder / "loader.csv") as part, part.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("what", "form", "workers", "median", "least", "most"), *rows])
    print(*(", ".join(map(str, row)) for row in rows), sep="\n")


if __name__ == "__main__":
    main()
