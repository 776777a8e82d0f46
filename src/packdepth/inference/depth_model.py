"""A network that answers in metres."""

import contextlib
from collections.abc import Iterator
from numbers import Real
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from huggingface_hub import ModelHubMixin, hf_hub_download
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from packdepth import models
from packdepth.checkpoints import packnet_sfm
from packdepth.checkpoints.native import CheckpointInfo, load_checkpoint, save_checkpoint
from packdepth.config.study import checked
from packdepth.config.variants import OutputUnit
from packdepth.errors import InputError
from packdepth.inference.images import AnyImage, photo
from packdepth.losses.targets import metric_depth, unit_of
from packdepth.models.network import ImageNetwork

SIDE = 32  # the networks' sides are multiples of this
WIDEST = 4096  # px; the network sees wider images scaled further down
CHECKPOINT = "model.safetensors"  # in a folder, or in a repository of the Hub
CARD = """---
{{ card_data }}
---

# A depth network of packdepth

It predicts metric depth from one image.

```python
import packdepth

net = packdepth.load("FOLDER, or OWNER/NAME of the Hub")
depth = net.infer("photo.jpg")  # float32 (H, W), metres
```

`config.json` names the network, the size of its training images, and its camera's focal length.
"""


class DepthModel(
    nn.Module,
    ModelHubMixin,
    library_name="packdepth",
    model_card_template=CARD,
    pipeline_tag="depth-estimation",
    tags=["depth-estimation", "monocular-depth"],
):
    """A depth network, and what its output means.

    `infer` takes any image. The module itself maps batches (B, 3, H, W) of RGB in [0, 1], H and W multiples of 32, to
    metric depth (B, 1, H, W) in m. `save_pretrained`, `from_pretrained` and `push_to_hub` are those of the Hugging
    Face Hub; the file that they write is a checkpoint of packdepth, which `packdepth.load` reads too.
    """

    def __init__(
        self,
        network: dict[str, Any],
        size: tuple[int, int] | None = None,
        max_depth: float = 10.0,
        output_unit: OutputUnit = "max_depth/m",
        focal_length: float | None = None,
        limited: bool = True,
    ) -> None:
        """Build the network, with random weights.

        Args:
            network: the architecture and its options, as `models.build` takes them.
            size: height and width of the images that it was trained on, px; None if unknown.
            max_depth: m, the farthest that it was trained on.
            output_unit: the unit of what it predicts, inverse depth.
            focal_length: of the camera that it was trained on, px at `size`; None if unknown.
            limited: whether depth is kept within max_depth / 100 and max_depth, as in training.

        Raises InputError for an unknown architecture or option, or a value out of bounds.
        """
        super().__init__()
        self.network = models.build(**network)
        values = size, max_depth, output_unit, focal_length, limited
        self.info = checked(CheckpointInfo, vars(CheckpointInfo(network, *values)), "", "a model's settings")
        self.unit = unit_of(output_unit, max_depth)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next((weight.device for weight in self.parameters()), torch.device("cpu"))

    @property
    def stereo(self) -> bool:
        """Whether it sees a second camera's image as well; its images have six channels then."""
        return self.network.stereo

    def forward(self, images: Tensor) -> Tensor:
        """Metric depth in m, (B, 1, H, W), of images (B, 3, H, W) in [0, 1], H and W multiples of 32.

        What the network gives is converted to metres, then upsampled (bilinear) if it is smaller than the image.
        """
        return resized(self.metres(self.network(images).float()), images.shape[2:])

    def metres(self, output: Tensor) -> Tensor:
        """Depth in m of what the network gives (any shape)."""
        if self.info.limited:
            return metric_depth(self.unit * output, self.info.max_depth)
        return packnet_sfm.metric_depth(output)

    def infer(self, image: AnyImage, focal_length: float | None = None) -> NDArray[np.float32]:
        """Metric depth of an image, float32 (H, W) in m, at the image's own size.

        Args:
            image: a path, a PIL image, an array (H, W, 3) in RGB, or a tensor (3, H, W), uint8 or in [0, 1].
                A photo is turned upright first, as its EXIF data say. A file of more than 100 million pixels is shrunk
                first, and its depth has half as many rows and columns.
            focal_length: of the camera, px of this image. Depth is then scaled by its ratio to the focal length of
                the training data, since a network cannot see it: an object at twice the distance, through a lens of
                twice the focal length, looks the same. Without it, depth is that of the training data's camera.

        Raises InputError, in one line, if the image cannot be read, the focal length is no positive number, or that
        of the training data is unknown.
        """
        return self.infer_with_doubt(image, focal_length)[0]

    def infer_with_doubt(self, image: AnyImage, focal_length: float | None = None) -> tuple[NDArray[np.float32], float]:
        """What `infer` gives, and how unsure the network is: the mean `disagreement` of the image's pixels."""
        given = photo(image)
        rgb = given.rgb
        factor = 1.0 if focal_length is None else self.stretch(focal_length, rgb.shape[1]) / given.shrunk
        straight, mirrored = self._both_ways_of_any_size(rgb[None])
        depth = resized((straight + mirrored) / 2, rgb.shape[1:])
        return (factor * depth[0, 0]).numpy(), float(disagreement(straight, mirrored).mean())

    def stretch(self, focal_length: float, height: int) -> float:
        """How many times as far everything is as through the training data's camera, for an image of this height.

        Raises InputError for no positive number, or if the training data's focal length is unknown.
        """
        if isinstance(focal_length, (np.ndarray, Tensor)) and focal_length.ndim == 0:
            focal_length = focal_length.item()
        a_number = isinstance(focal_length, Real) and not isinstance(focal_length, bool)
        if not a_number or not 0 < focal_length < float("inf"):
            raise InputError(f"focal length: expected a positive number of px, got {focal_length!r}")
        return focal_length / self.usual_focal_length(height)

    def usual_focal_length(self, height: int) -> float:
        """Of the training data's camera, in px of an image of this height. Raises InputError if it is unknown."""
        if self.info.focal_length is None or self.info.size is None:
            raise InputError("the model does not know its training data's focal length, so it takes no other's")
        return self.info.focal_length * height / self.info.size[0]

    def depth_of_any_size(self, images: Tensor) -> Tensor:
        """Metric depth (B, 1, H, W) in m, on the CPU, of images (B, 3, H, W) in [0, 1] of any size.

        They are scaled to the height that the network was trained at, if known, with their aspect kept, or to a width
        of 4096 px if that is less. Their right and bottom edges are repeated up to a multiple of 32; the prediction is
        cut and scaled back.
        """
        straight, mirrored = self._both_ways_of_any_size(images)
        return resized((straight + mirrored) / 2, images.shape[2:])

    def _both_ways_of_any_size(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What `predict_both_ways` gives for them, at the size that the network sees them in."""
        height, width = images.shape[2:]
        rows = self.info.size[0] if self.info.size else height
        columns = max(1, round(width * rows / height))
        if columns > WIDEST:  # a strip: at its full height it would take gigabytes
            rows, columns = max(1, round(rows * WIDEST / columns)), WIDEST
        scaled = resized(images, (rows, columns), antialias=True)
        padded = F.pad(scaled, (0, -columns % SIDE, 0, -rows % SIDE), "replicate")
        straight, mirrored = self.predict_both_ways(padded)
        return straight[..., :rows, :columns], mirrored[..., :rows, :columns]

    @torch.inference_mode()
    def predict(self, images: Tensor, flip: bool) -> Tensor:
        """What `forward` gives, on the CPU. With `flip` it is averaged with the mirrored depth of the mirrored image,
        as in DenseDepth."""
        if not flip:
            with self._evaluating():
                return self(images.to(self.device)).cpu()
        straight, mirrored = self.predict_both_ways(images)
        return (straight + mirrored) / 2

    @torch.inference_mode()
    def predict_both_ways(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """What `forward` gives for images, and for their mirror images, mirrored back; both on the CPU.

        `disagreement` tells how far the two differ. Not for pairs, whose second camera would change sides.
        """
        images = images.to(self.device)
        with self._evaluating():
            return self(images).cpu(), self(images.flip(3)).flip(3).cpu()

    @contextlib.contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Evaluation mode for a while: predicting must not change what batch normalization has averaged."""
        training = [part for part in self.modules() if part.training]
        for part in training:
            part.training = False
        try:
            yield
        finally:
            for part in training:
                part.training = True

    def _save_pretrained(self, save_directory: Path) -> None:
        save_checkpoint(save_directory / CHECKPOINT, self.network, self.info)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        revision: str | None,
        cache_dir: str | Path | None,
        force_download: bool,
        local_files_only: bool,
        token: str | bool | None,
        **_: Any,
    ) -> Self:
        path = Path(model_id, CHECKPOINT)
        if not path.parent.is_dir():
            path = Path(
                hf_hub_download(
                    model_id,
                    CHECKPOINT,
                    revision=revision,
                    cache_dir=cache_dir,
                    force_download=force_download,
                    local_files_only=local_files_only,
                    token=token,
                )
            )
        return cls.around(*load_checkpoint(path))

    @classmethod
    def around(cls, network: ImageNetwork, info: CheckpointInfo, pairs: bool = False) -> Self:
        """A network that is there already, in evaluation mode.

        Raises InputError if it is an autoencoder, which predicts no depth, or a stereo network, unless it will be given
        `pairs`, (B, 6, H, W), one camera's image before the other's.
        """
        if network.stereo and not pairs:
            raise InputError("holds a stereo network; it sees a second camera's image as well, and none is given here")
        if info.network["architecture"] == "autoencoder":
            raise InputError("holds an autoencoder; it gives images back and predicts no depth")
        with torch.device("meta"):  # takes neither memory nor random draws
            model = cls(**vars(info))
        model.network = network
        return model.eval()


def disagreement(straight: Tensor, mirrored: Tensor) -> Tensor:
    """How uncertain a network is of each pixel: |log depth - log depth by the mirror image|, both (...) in m."""
    return (straight.log() - mirrored.log()).abs()


def resized(values: Tensor, size: tuple[int, ...], antialias: bool = False) -> Tensor:
    """Values (B, C, H, W) at another `size`, bilinearly, the borders aligned; unchanged if the size is the same."""
    if values.shape[2:] == size:
        return values
    return F.interpolate(values, size=size, mode="bilinear", antialias=antialias, align_corners=False)
