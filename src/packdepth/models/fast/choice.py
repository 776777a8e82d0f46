"""Which implementation computes a layer, for the input at hand. All give the plain network's numbers up to rounding.

`cpu` suits the vector units of a CPU, `gpu` the matrix units of a GPU; `plain` is torch's own convolutions.
`auto` takes that of the input's device, layer by layer where counting operations shows that it pays.
"""

from typing import Literal

from torch import Tensor

from packdepth.config.variants import Implementation

Chosen = Literal["cpu", "gpu", "plain"]
OF_DEVICE: dict[str, Chosen] = {"cpu": "cpu", "cuda": "gpu"}  # others have not been measured


def chosen(implementation: Implementation, x: Tensor) -> Chosen:
    """The implementation meant for an input."""
    return OF_DEVICE.get(x.device.type, "plain") if implementation == "auto" else implementation
