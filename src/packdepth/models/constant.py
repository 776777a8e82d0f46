"""The best single depth: the floor under every table and curve."""

import torch
from torch import Tensor, nn

from packdepth.models.checks import check_image
from packdepth.models.network import ImageNetwork


class Constant(ImageNetwork):
    """One parameter, predicted for every pixel of every image.

    It accepts `width`, as every network does, but has no channels to scale.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        self.value = nn.Parameter(torch.tensor(1.0))

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 1, H/2, W/2), normalised inverse depth. Raises InputError for a wrong size."""
        check_image(image)
        batch, _, height, width = image.shape
        return self.value.expand(batch, 1, height // 2, width // 2)

    def stages(self) -> dict[str, list[nn.Module]]:
        """The only stage."""
        return {"constant": [self]}
