"""Names of files and results."""

import pytest

from packdepth.errors import InputError
from packdepth.paths import Run, checkpoint_name


def test_checkpoints_of_ours_are_called_by_scale_variant_and_seed():
    assert checkpoint_name(str(Run("small", "report", "packnet-direct", 3).checkpoint)) == "small-packnet-direct-seed3"
    elsewhere = "https://example.org/mine/results/medium/runs/report/packnet/seed0/model.safetensors?download=1"
    assert checkpoint_name(elsewhere) == "medium-packnet-seed0"


@pytest.mark.parametrize("checkpoint", ["/my/PackNet01.v2.ckpt", "https://example.org/models/PackNet01.v2.ckpt?v=1.0"])
def test_others_by_their_file(checkpoint: str):
    assert checkpoint_name(checkpoint) == "PackNet01.v2"


@pytest.mark.parametrize("checkpoint", ["", "models/", "https://example.org", "https://example.org/models/"])
def test_a_checkpoint_needs_a_file(checkpoint: str):
    with pytest.raises(InputError, match=f"'{checkpoint}' names no file"):
        checkpoint_name(checkpoint)
