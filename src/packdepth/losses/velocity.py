"""What makes self-supervised depth metric: the camera's speed (arXiv 1905.02693, section 3.2).

Images determine depth and translation only up to a common factor. The length of the translation fixes it.
"""

import torch
from torch import Tensor


def velocity_loss(context_from_target: Tensor, distance: Tensor) -> Tensor:
    """Mean of | |t| - distance |, m.

    The camera's path between the frames is the length of context_from_target's translation, in whichever direction the
    motion is written. At t = 0 the gradient is 0: the length has no gradient there, and no direction is better than
    another.

    Args:
        context_from_target: (B, 2, 4, 4), predicted, m.
        distance: (B, 2), the measured speed times the time between the frames, m.
    """
    return (torch.linalg.vector_norm(context_from_target[..., :3, 3], dim=-1) - distance).abs().mean()
