"""Parts of a network that can trade time for memory: activations are recomputed in the backward pass, not kept.

Chen et al. 2016, arXiv 1604.06174. Between stages activations are kept.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint


class Stage(nn.Module):
    """A part of a network; `recompute` makes its activations in the forward pass and again in the backward pass."""

    recompute = False

    def __call__(self, *inputs: Any) -> Any:
        """What `forward` gives."""
        if not (self.recompute and torch.is_grad_enabled()):
            return super().__call__(*inputs)
        contexts = (contextlib.nullcontext(), _statistics_untouched(self))
        return checkpoint(
            super().__call__, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=lambda: contexts
        )


@contextlib.contextmanager
def _statistics_untouched(stage: nn.Module) -> Iterator[None]:
    """The second time, batch normalisation must not count the same batch again."""
    norms = [part for part in stage.modules() if isinstance(part, nn.BatchNorm2d)]
    before = [
        (norm.momentum, norm.num_batches_tracked.clone()) for norm in norms if norm.num_batches_tracked is not None
    ]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, (momentum, batches) in zip(norms, before, strict=True):
            norm.momentum = momentum
            norm.num_batches_tracked = batches
