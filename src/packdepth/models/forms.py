"""In which form a layer is computed. All give the numbers of the published one but for rounding.

"published" is torch's own convolutions, as the authors' code has them; "cpu" what vectors of a CPU do well
(`convolutions`); "gpu" what the matrix units of a GPU do well (`matrix_units`). Both fold the packing
blocks (`folding`). "auto" is the form of the input's device, layer by layer where counting says that it pays.
"""

from typing import Literal

from torch import Tensor, nn

Form = Literal["auto", "cpu", "gpu", "published"]
FormTaken = Literal["cpu", "gpu", "published"]
OF_DEVICE: dict[str, FormTaken] = {"cpu": "cpu", "cuda": "gpu"}  # others have not been measured


def taken(form: Form, x: Tensor) -> FormTaken:
    """The form that is meant for an input."""
    return OF_DEVICE.get(x.device.type, "published") if form == "auto" else form


class Formed(nn.Module):
    """A layer that can be computed in another form."""

    form: Form = "auto"

    def form_of(self, x: Tensor) -> FormTaken:
        """The form that this input is computed in."""
        return taken(self.form, x)
