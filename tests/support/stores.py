"""Small stores that tests make by hand."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from packdepth.config.datasets import Data
from packdepth.config.study import Study
from packdepth.data.datasets.acquire import acquire
from packdepth.data.datasets.convert import make_store
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit, Store
from packdepth.data.store.writer import Origin, create_store
from packdepth.geometry.rigid import vector_from_rotation

TOP = Path(__file__).parents[2]
ORIGIN = Origin("slopes", 1, "none", "nobody", "tests", {"made": "by hand"})


def no_verdict(variant: str) -> dict[str, Any]:
    """A verdict section that asks nothing, for a study that lacks the variants of the shipped one."""
    return {"gap": [variant, variant], "contest": ["packnet-best", "densedepth-best"], "margin": 0.2, "hypotheses": {}}


def with_variants(study: Study, group: str, variants: dict[str, Any]) -> Study:
    """The study with other variants in a group."""
    groups = study.groups.model_copy(update={group: study.by_group[group].model_copy(update={"variants": variants})})
    return study.model_copy(update={"groups": groups})


def holding_out(share: float) -> Callable[[dict[str, Any]], object]:
    """An edit of params.yaml after which the report's constant holds out this share of the training frames."""
    return lambda raw: raw["groups"]["report"]["variants"]["constant"]["training"].update(held_out=share)


def slopes(frames: int, size: tuple[int, int] = (64, 64), seed: int = 0) -> Batch:
    """Images whose brightness tells their depth: slopes of 0.6 to 9 m, without neighbours in time."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(1.0, 7.0, size[0])[None, :, None] * random.uniform(0.6, 1.25, (frames, 1, 1))
    depth = np.broadcast_to(ramp, (frames, *size)).astype(np.float32)
    rgb = np.repeat((depth * 25).astype(np.uint8)[..., None], 3, axis=3)
    camera = np.array([[60.0, 0, 31.5], [0, 60.0, 31.5], [0, 0, 1]], np.float32)
    return Batch(rgb, depth, np.tile(camera, (frames, 1, 1)), [f"slopes/{seed}/{i}" for i in range(frames)])


def jpeg(rgb: np.ndarray) -> bytes:
    """A JPEG file of an image (H, W, 3)."""
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "JPEG", quality=95)
    return file.getvalue()


def made_store(data: Data, split: str, folder: Path) -> Store:
    """The store of one split, made from where the data set is, as the two commands do."""
    listing = folder / "archives.json"
    acquire(data, folder / "downloads", listing)
    make_store(data, split, listing, folder / f"{split}.h5")
    return Store(folder / f"{split}.h5")


def write_store(path: Path, batch: Batch, depth_unit: DepthUnit = "millimetre") -> Path:
    with create_store(path, replace(ORIGIN, depth_unit=depth_unit)) as writer:
        writer.append(batch)
    return path


def central_difference(before: Tensor, after: Tensor, at: Tensor, span: float) -> Tensor:
    """Velocity (..., 6) of a camera, m/s and rad/s in the frame of `at`, from reference_from_camera (..., 4, 4)."""
    moved = at[..., :3, :3].mT @ (after - before)[..., :3, 3:]
    turned = vector_from_rotation(before[..., :3, :3].mT @ after[..., :3, :3])
    return torch.cat([moved[..., 0], turned], dim=-1) / span
