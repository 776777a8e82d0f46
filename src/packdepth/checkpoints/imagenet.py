"""ImageNet's weights for DenseDepth's encoder: torchvision's file, downloaded once, checked at every use."""

import re
from pathlib import Path

import pooch
import torch

from packdepth.errors import InputError
from packdepth.models.densedepth import DenseDepth
from packdepth.models.densenet import load_imagenet
from packdepth.utils.files import atomic_write

URLS = {  # by the DenseNet's number of layers
    161: "https://download.pytorch.org/models/densenet161-8d451a50.pth",
    169: "https://download.pytorch.org/models/densenet169-b2777c0a.pth",
}
CACHE = Path(pooch.os_cache("packdepth"))
TIMEOUT = 30  # s without an answer


def load_imagenet_encoder(network: DenseDepth, folder: Path = CACHE, url: str | None = None) -> None:
    """Load the file at `url`, torchvision's own by default, into the network's encoder; `folder` keeps it.

    Raises InputError if the download fails, if its hash differs from the one in its name, or if it does not fit.
    """
    url = url or URLS[network.encoder.layers]
    path = folder / url.rsplit("/", 1)[-1]
    if path.exists():
        _check(path, str(path))
    else:
        with atomic_write(path) as part:
            _download(url, part)
            _check(part, url)
    load_imagenet(network.encoder, torch.load(path, map_location="cpu", weights_only=True))


def _download(url: str, path: Path) -> None:
    try:
        pooch.HTTPDownloader(timeout=TIMEOUT)(url, str(path), None)
    except OSError as error:
        raise InputError(f"{url}: the download failed: {error}") from None


def _check(path: Path, origin: str) -> None:
    """Compare the file's SHA-256 with its first digits, which torchvision puts into the file's name."""
    stated = re.search(r"-([0-9a-f]{8,})\.pth$", origin)
    if stated is None:
        raise InputError(f"{origin}: the name must end in SHA-256's first digits, as ...-b2777c0a.pth")
    digest = pooch.file_hash(str(path), alg="sha256")
    if not digest.startswith(stated[1]):
        raise InputError(f"{origin}: SHA-256 is {digest[:16]}..., expected one that starts with {stated[1]}")
