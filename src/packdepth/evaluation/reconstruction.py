"""How well an autoencoder reconstructs images: on the test split, and on photographs unlike any it was trained on.

PSNR and SSIM are scikit-image's (Wang et al. 2004: an 11x11 Gaussian window of 1.5 px), values clamped to 0 .. 1. The
error by spatial frequency separates fine from coarse detail. It is the energy of the error over that of the images,
each summed over all images, in rings of the Fourier transform. A ring is an octave; the first is everything below.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn

from packdepth import models, paths
from packdepth.checkpoints.native import load_checkpoint
from packdepth.config.study import Study
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.evaluation import photos
from packdepth.evaluation.operations import forward_flops
from packdepth.models.network import image_tensor
from packdepth.utils.files import atomic_write, write_json, write_text
from packdepth.utils.progress import track
from packdepth.utils.threads import threads_on_cpu

RINGS = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 2)  # cycles a pixel; the corners beyond a half are left out
TILES = ("chelsea/1/1", "coffee/1/2")  # kept for viewing, with the first room
Image = NDArray[np.uint8]


def reconstruct(study: Study, run: paths.Run) -> None:
    """Evaluate one autoencoder and write its files. Raises InputError if a store or checkpoint is missing or broken."""
    store = Store(paths.store(run.scale, "test"))
    model, info = load_checkpoint(run.checkpoint)
    variant = study.variant(run.variant)
    asked = variant.network.model_dump()
    if info.network != asked:
        raise InputError(f"{run.checkpoint}: holds {info.network}, not what params.yaml asks for, {asked}")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    models.accelerate(model.to(device), "auto")
    rows, kept = [], {}
    energies: dict[str, NDArray[np.float64]] = {}
    tiles = photos.tiles(store.size)
    told = track(f"reconstruct {run}", len(store) + len(tiles))
    with threads_on_cpu(variant.training.cpu.threads, device), told as advance:
        for source, name, image in _images(store, tiles):
            made = reconstruct_image(model, image, device)
            rows.append({"images": source, "id": name, **measured(made, image)})
            energies[source] = energies.get(source, 0.0) + by_frequency(made - image / 255.0, image / 255.0)
            if name in (store.id(0), *TILES):
                kept[name] = (image, made)
            advance(1)
    table = pd.DataFrame(rows)
    write_text(run.per_image, table.to_csv(index=False, float_format="%.6g"))
    _write_samples(run, kept)
    means = table.drop(columns="id").groupby("images").mean()
    of_sources = {source: means.loc[source].to_dict() | _relative(energy) for source, energy in energies.items()}
    metrics = {"variant": run.variant, "seed": run.seed, "forward_gflops": forward_flops(asked, store.size) / 1e9}
    write_json(run.evaluation, metrics | of_sources)
    write_json(run.metrics, {name: round(of_sources["test"][name], 4) for name in ("psnr", "ssim")})


def _images(store: Store, tiles: dict[str, Image]) -> Iterator[tuple[str, str, Image]]:
    for index in range(len(store)):
        yield "test", store.id(index), store.rgb(index)
    for name, tile in tiles.items():
        yield "photos", name, tile


@torch.inference_mode()
def reconstruct_image(model: nn.Module, image: Image, device: torch.device) -> NDArray[np.float64]:
    """The autoencoder's output (H, W, 3), in 0 .. 1."""
    made = model(image_tensor(image)[None].to(device))[0].float().clamp(0, 1)
    return made.permute(1, 2, 0).cpu().numpy().astype(np.float64)


def measured(made: NDArray[np.float64], image: Image) -> dict[str, float]:
    """psnr (dB) and ssim of the reconstruction of an image (H, W, 3) of bytes."""
    truth = image / 255.0
    similarity = structural_similarity(
        truth, made, channel_axis=2, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    psnr = peak_signal_noise_ratio(truth, made, data_range=1.0)
    return {"psnr": float(psnr), "ssim": float(similarity)}


def by_frequency(error: NDArray[np.float64], image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energies (2, rings) of the error and of the image, both (H, W, 3), in each of RINGS; without mean colours."""
    across, down = np.fft.fftfreq(image.shape[1]), np.fft.fftfreq(image.shape[0])
    frequency = np.hypot(across[None, :], down[:, None])
    energies = [np.square(np.abs(np.fft.fft2(values, axes=(0, 1)))).sum(axis=2) for values in (error, image)]
    rings = [(frequency > low) & (frequency <= high) for low, high in pairwise(RINGS)]
    return np.array([[energy[ring].sum() for ring in rings] for energy in energies])


def _relative(energies: NDArray[np.float64]) -> dict[str, float]:
    """The errors from sums over images, by the highest frequency of each ring."""
    shares = energies[0] / np.maximum(energies[1], 1e-12)
    return {f"error_to_{high:g}": float(share) for high, share in zip(RINGS[1:], shares, strict=True)}


def _write_samples(run: paths.Run, kept: dict[str, tuple[Image, NDArray[np.float64]]]) -> None:
    given = np.stack([image for image, _ in kept.values()])
    made = np.stack([np.round(255 * values).astype(np.uint8) for _, values in kept.values()])
    with atomic_write(run.samples) as part:
        np.savez_compressed(part, names=np.array(list(kept)), image=given, made=made)
