"""Which pixels count."""

import json

import numpy as np
import pytest
import torch

from packdepth.config.protocols import PROTOCOLS
from packdepth.evaluation.metrics import counted

KITTI_SIZES = [(375, 1242), (370, 1224), (374, 1238), (370, 1226), (376, 1241)]


@pytest.mark.parametrize(
    ("name", "truth", "expected"),
    [
        ("indoor", [0.0, 0.001, 0.0011, 10.0, 10.01], [0, 0, 1, 1, 0]),
        ("make3d-c1", [0.0, 0.0005, 69.99, 70.0, 81.0], [0, 1, 1, 0, 0]),
        ("make3d-c2", [0.0, 0.0005, 70.0, 80.0, 81.0], [0, 1, 1, 1, 1]),
        ("ddad", [0.0, 0.0005, 80.0, 199.9, 200.0], [0, 1, 1, 1, 0]),
    ],
)
def test_range_by_hand(name, truth, expected):
    assert counted(torch.tensor([truth]), PROTOCOLS[name]).int().tolist() == [expected]


@pytest.mark.parametrize(
    ("name", "truth", "expected"),
    [
        ("nyu-eigen", [0.0, 0.0005, 10.0, 10.01], [0, 1, 1, 1]),
        ("nyu-bts", [0.001, 0.0011, 9.99, 10.0], [0, 1, 1, 0]),
        ("kitti-garg", [0.0, 0.0005, 79.9, 80.0], [0, 1, 1, 0]),
        ("kitti-monodepth2", [0.001, 0.0011, 79.9, 80.0], [0, 1, 1, 0]),
    ],
)
def test_range_within_the_crop(name, truth, expected):
    middle = torch.full((480, 640), float("nan"))
    middle[300, 300:304] = torch.tensor(truth)
    assert counted(middle, PROTOCOLS[name])[300, 300:304].int().tolist() == expected


@pytest.mark.parametrize(
    ("name", "first", "last"), [("nyu-eigen", [20, 24], [459, 615]), ("nyu-bts", [45, 41], [470, 600])]
)
def test_nyu_crops_on_the_size_they_were_published_for(name, first, last):
    inside = counted(torch.ones(480, 640), PROTOCOLS[name]).nonzero()
    assert inside.min(0).values.tolist() == first
    assert inside.max(0).values.tolist() == last
    assert len(inside) == (last[0] - first[0] + 1) * (last[1] - first[1] + 1)


def test_a_crop_scales_with_the_image():
    assert counted(torch.ones(2, 240, 320), PROTOCOLS["nyu-eigen"]).sum() == 2 * 220 * 296


@pytest.mark.parametrize("size", KITTI_SIZES)
@pytest.mark.parametrize("name", ["kitti-garg", "kitti-monodepth2"])
def test_garg_crop_on_every_size_of_kitti(name, size):
    shares = np.array([0.40810811, 0.99189189, 0.03594771, 0.96405229])
    top, bottom, left, right = (shares * np.repeat(size, 2)).astype(np.int32)
    expected = torch.zeros(size, dtype=torch.bool)
    expected[top:bottom, left:right] = True
    assert torch.equal(counted(torch.ones(size), PROTOCOLS[name]), expected)


def test_garg_crop_by_hand():
    inside = counted(torch.ones(370, 1224), PROTOCOLS["kitti-garg"]).nonzero()
    assert inside.min(0).values.tolist() == [151, 43]
    assert inside.max(0).values.tolist() == [365, 1179]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_can_be_stated_in_json(name):
    stated = json.loads(json.dumps(PROTOCOLS[name].stated(), allow_nan=False))
    assert stated["source"]
    assert (stated["max_truth"] is None) == (name in {"nyu-eigen", "make3d-c2"})
