"""Published checkpoints are read, and nothing in them is run."""

import os
import pickle
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from packdepth.checkpoints.packnet_sfm_file import is_torch_file, read
from packdepth.errors import InputError

WEIGHTS = OrderedDict({"model.depth_net.a": torch.arange(6.0).view(2, 3), "model.pose_net.b": torch.ones(1)})


class Calls:
    """Pickles as a call."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_weights_size_and_range(publish):
    path = publish(WEIGHTS)
    assert is_torch_file(path)
    assert "yacs.config" not in sys.modules
    file = read(path)
    assert file.state_dict.keys() == WEIGHTS.keys()
    for name, tensor in WEIGHTS.items():
        assert torch.equal(file.state_dict[name], tensor)
    assert (file.size, file.max_depth) == ((32, 64), 80.0)


@pytest.mark.parametrize("shape", [(), (0, 64), (32, 64, 3), ("a", "b"), 7])
def test_without_a_size_in_the_configuration(publish, shape):
    file = read(publish(WEIGHTS, {"datasets": {"augmentation": {"image_shape": shape}}}))
    assert (file.size, file.max_depth) == (None, 80.0)


def test_without_a_configuration(publish):
    assert read(publish(WEIGHTS, config={})).size is None


@pytest.mark.parametrize(
    ("function", "named"), [(os.system, r"(posix|nt)\.system"), (exec, "exec"), (os.mkdir, r"(posix|nt)\.mkdir")]
)
@pytest.mark.parametrize("where", ["config", "state_dict", "optimizer"])
def test_a_call_is_refused_by_its_name_and_not_made(publish, tmp_path: Path, function, named, where):
    mark = tmp_path / "mark"
    argument = {os.system: f"mkdir {mark}", exec: f"import os; os.mkdir({str(mark)!r})", os.mkdir: str(mark)}[function]
    evil = Calls(function, argument)
    path = publish(**{"state_dict": WEIGHTS, where: {"a": evil, "b": torch.ones(1)}})
    with pytest.raises(InputError, match=rf"published\.ckpt: asks for {named}, which could run code; expected"):
        read(path)
    assert not mark.exists()
    pickle.loads(pickle.dumps(evil))
    assert mark.is_dir(), "a careless reader would have made it"


def test_other_objects_are_refused(publish):
    with pytest.raises(InputError, match=r"asks for numpy\S*\.scalar"):
        read(publish(WEIGHTS, epoch=np.float64(3.0)))


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(("before", "after"), [("module.", ""), ("model.module.depth_net.", "model.depth_net.")])
def test_what_dataparallel_adds_to_names_is_left_out(publish, tmp_path: Path, before, after, alone):
    weights = {f"{before}a.weight": torch.ones(2)}
    path = publish(weights)
    if alone:
        torch.save(weights, path)
    assert list(read(path).state_dict) == [f"{after}a.weight"]


def test_two_weights_of_one_name(publish):
    with pytest.raises(InputError, match=r"with and without `module\.` of the same name"):
        read(publish({"a": torch.ones(2), "module.a": torch.ones(2)}))


@pytest.mark.parametrize(
    ("tensor", "kind"),
    [
        (torch.ones(2, device="meta"), "strided of float32 on meta"),
        (torch.eye(2).to_sparse(), "sparse_coo of float32 on cpu"),
    ],
)
def test_weights_that_are_no_plain_numbers(publish, tensor, kind):
    with pytest.raises(InputError, match=rf"published\.ckpt: a is {kind}; expected plain numbers"):
        read(publish({"a": tensor}))


def test_weights_that_are_not_finite(publish):
    with pytest.raises(InputError, match=r"published\.ckpt: b holds NaN or infinity"):
        read(publish({"a": torch.ones(2), "b": torch.tensor([1.0, torch.nan])}))


@pytest.mark.parametrize("state_dict", [None, {}, [1], {"a": 1.0}, torch.ones(1)])
def test_no_weights(publish, state_dict):
    with pytest.raises(InputError, match="has no state_dict of tensors"):
        read(publish(state_dict))


def test_a_truncated_file(publish):
    path = publish(WEIGHTS)
    content = path.read_bytes()
    for length in range(20, len(content) - 8, len(content) // 50):
        path.write_bytes(content[:length])
        with pytest.raises(
            InputError, match=r"published\.ckpt: (broken \(\w+\)|asks for \S+, which could run code); expected"
        ):
            read(path)
