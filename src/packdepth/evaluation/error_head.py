"""A small head that predicts a depth network's own error, from the features that its last convolution sees.

It is one 1x1 convolution over these features, the logarithm of the predicted depth and a constant, so it costs next to
nothing beyond the pass that predicts depth. It is fitted to |log predicted - log true depth| by least squares, in
closed form: the answer is unique, needs no rate or schedule, and leaves the depth network as it is. A deeper head could
know more; this one shows what lies open in the features.

It is fitted on frames that the network was trained on, where the network errs less than elsewhere. So what it says is
too small; its order of pixels and images is what counts.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth.config.protocols import Protocol
from packdepth.data.store.frames import Store
from packdepth.evaluation.metrics import counted
from packdepth.inference.depth_model import DepthModel, resized
from packdepth.models.heads import DepthHead
from packdepth.models.network import image_tensor

FRAMES = 500  # of the store, at most, spread evenly
BATCH = 8


@dataclass(frozen=True)
class ErrorHead:
    """A depth network and what its features tell of its error."""

    model: DepthModel
    weights: Tensor  # of each feature, float64 (F,)

    def __call__(self, images: Tensor) -> Tensor:
        """The predicted |log predicted - log true depth|, (B, 1, h, w), on the CPU.

        `images` are (B, 3, H, W) in [0, 1], H and W multiples of 32; h and w are those of the network's output.
        """
        features, _ = _features(self.model, images)
        return torch.einsum("bfhw,f->bhw", features, self.weights)[:, None].float()


def fit(model: DepthModel, store: Store, protocol: Protocol) -> ErrorHead:
    """The head for this network, fitted to its errors on frames of a store, of the pixels that the protocol counts."""
    frames = torch.linspace(0, len(store) - 1, min(FRAMES, len(store))).long().tolist()
    products, sums = torch.zeros(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    for first in range(0, len(frames), BATCH):
        indices = frames[first : first + BATCH]
        images = torch.stack([image_tensor(store.seen(index, model.stereo)) for index in indices])
        features, depth = _features(model, resized(images, model.info.size or store.size, antialias=True))
        truth = torch.stack([_sampled(torch.from_numpy(store.depth(i)), protocol, depth.shape[2:]) for i in indices])
        known = truth > 0
        error = (depth[:, 0][known].double().log() - truth[known].double().log()).abs()
        of_pixels = features.movedim(1, 3)[known]
        products = products + of_pixels.T @ of_pixels
        sums = sums + of_pixels.T @ error
    return ErrorHead(model, torch.linalg.pinv(products, hermitian=True) @ sums)  # features may be 0 everywhere


def _sampled(truth: Tensor, protocol: Protocol, size: tuple[int, ...]) -> Tensor:
    """Truth (H, W) in m at the nearest pixels, (h, w); 0 where it does not count."""
    within = torch.where(counted(truth, protocol), truth, torch.zeros_like(truth))
    return F.interpolate(within[None, None], size=size, mode="nearest-exact")[0, 0]


@torch.inference_mode()
def _features(model: DepthModel, images: Tensor) -> tuple[Tensor, Tensor]:
    """What the head is a convolution of, float64 (B, F, h, w), and depth (B, 1, h, w) in m, both on the CPU."""
    seen: list[Tensor] = []
    heads = [module for module in model.network.modules() if isinstance(module, DepthHead)]
    hooks = [head.register_forward_pre_hook(lambda _, given: seen.append(given[0])) for head in heads]
    try:
        depth = model.metres(model.network(images.to(model.device)).float()).cpu()
    finally:
        for hook in hooks:
            hook.remove()
    last = seen[-1].double().cpu()  # PackNet has a head at every scale, the finest last
    log_depth = depth.double().log()
    return torch.cat([last, log_depth, torch.ones_like(log_depth)], dim=1), depth
