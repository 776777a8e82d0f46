"""Which pixels count."""

import torch

from packdepth.evaluation.protocols import PROTOCOLS, counted


def test_range_by_hand():
    truth = torch.tensor([[0.0, 0.001, 0.0011, 10.0, 10.01]])
    assert counted(truth, PROTOCOLS["indoor"]).tolist() == [[False, False, True, True, False]]


def test_eigen_crop_on_the_size_it_was_published_for():
    inside = counted(torch.ones(480, 640), PROTOCOLS["nyu-eigen"]).nonzero()
    assert inside.min(0).values.tolist() == [20, 24]
    assert inside.max(0).values.tolist() == [459, 615]
    assert len(inside) == 440 * 592


def test_a_crop_scales_with_the_image():
    assert counted(torch.ones(2, 240, 320), PROTOCOLS["nyu-eigen"]).sum() == 2 * 220 * 296
