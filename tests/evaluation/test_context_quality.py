import numpy as np
import pandas as pd
import pytest
import torch

from packdepth import paths
from packdepth.data import rooms
from packdepth.evaluation import context_quality
from packdepth.evaluation.context_quality import FRAME_PERIOD, METHODS, examples, measure_quality, write_quality

SIZE = (48, 64)
CAMERA = torch.tensor([[[40.0, 0, 7.5], [0, 40.0, 5.5], [0, 0, 1]]])


@pytest.fixture(scope="module")
def table():
    return measure_quality(0, range(4), SIZE, periods=(FRAME_PERIOD, 8 * FRAME_PERIOD))


def _means(table: pd.DataFrame, period: float) -> pd.DataFrame:
    return table[table.period_s == period].groupby("method").mean(numeric_only=True)


def test_a_row_a_method_period_frame_and_neighbour(table):
    columns = [
        "method",
        "period_s",
        "id",
        "offset",
        "displacement_px",
        "psnr_seen",
        "ssim_seen",
        "psnr_all",
        "coverage",
    ]
    assert list(table) == columns
    assert len(table) == 4 * 2 * 4 * 2
    assert not table.duplicated(columns[:4]).any()
    assert set(table.method) == {"forward-warp", "nearest-splat", "backward-warp", "noise-floor"}
    assert table[table.method != "noise-floor"].notna().all().all()


def test_the_forward_warp_is_the_best_of_the_three(table):
    """At small motion, near the noise floor; at large motion by far."""
    small, large = _means(table, FRAME_PERIOD), _means(table, 8 * FRAME_PERIOD)
    assert small.psnr_seen["forward-warp"] > small.psnr_seen["noise-floor"] - 1.5
    for other, lead in (("nearest-splat", 1.0), ("backward-warp", 0.7)):
        assert large.psnr_seen["forward-warp"] > large.psnr_seen[other] + lead
        assert large.ssim_seen["forward-warp"] > large.ssim_seen[other] + 0.02
    assert large.coverage["forward-warp"] > large.coverage["nearest-splat"] + 0.02  # which has cracks
    assert 5 < large.displacement_px["forward-warp"] / small.displacement_px["forward-warp"] < 11


@pytest.mark.parametrize("method", METHODS)
def test_every_way_moves_a_wall_by_whole_pixels(method):
    """Two metres away and with a focal length of 40 px, 0.05 m is one pixel."""
    rgb = torch.randint(0, 256, (1, 3, 12, 16), generator=torch.Generator().manual_seed(0)).float()
    motion = torch.eye(4)[None].clone()
    motion[0, 0, 3] = 0.05
    image, seen = METHODS[method](rgb, torch.full((1, 12, 16), 2.0), CAMERA, motion)
    assert torch.equal(image.round()[..., 1:], rgb[..., :-1])
    assert torch.equal(seen, (torch.arange(16) > 0).expand(1, 12, 16))


def test_the_nearest_is_on_top_of_a_splat():
    """Columns 4 and 6, 1 m and 2 m away, move by four and by two pixels, onto column 8."""
    depth = torch.full((1, 12, 16), 40.0)
    depth[..., 4], depth[..., 6] = 1.0, 2.0
    rgb = torch.zeros(1, 3, 12, 16)
    rgb[..., 4], rgb[..., 6] = 255.0, 100.0
    motion = torch.eye(4)[None].clone()
    motion[0, 0, 3] = 0.1
    image, _ = METHODS["nearest-splat"](rgb, depth, CAMERA, motion)
    assert (image[..., 8] == 255).all()


def test_the_noise_floor_is_that_of_two_noisy_frames(table):
    """A camera that stands still: what differs is noise, and the forward warp keeps it."""
    still = rooms.render(0, context_quality.SPLIT, range(4), SIZE, neighbours=True, period=0.0)
    difference = (still.rgb[:, 1].double() - still.rgb[:, 2].double()).square().mean((1, 2, 3)).numpy()
    floor = table[(table.method == "noise-floor") & (table.offset == 1) & (table.period_s == FRAME_PERIOD)].psnr_all
    np.testing.assert_allclose(10 * np.log10(255**2 / difference), floor, atol=0.3)


def test_the_period_scales_the_motion_and_leaves_the_frame():
    near, far = (rooms.render(0, "train", [3], SIZE, neighbours=True, period=period) for period in (1 / 30, 0.2))
    default = rooms.render(0, "train", [3], SIZE, neighbours=True)
    assert torch.equal(near.rgb, default.rgb)
    assert torch.equal(near.time, default.time)
    assert torch.equal(near.rgb[:, 1], far.rgb[:, 1])
    torch.testing.assert_close(far.time, torch.tensor([[2.8, 3.0, 3.2]], dtype=torch.float64))
    steps = [(frames.pose[0, 2, :3, 3] - frames.pose[0, 0, :3, 3]).norm() for frames in (near, far)]
    torch.testing.assert_close(steps[1], 6 * steps[0])


def test_examples_are_in_the_order_of_motion():
    shown = examples(0, range(2), SIZE)
    assert {name: (values.dtype.name, values.shape) for name, values in shown.items()} == {
        "target": ("uint8", (4, *SIZE, 3)),
        "made": ("uint8", (4, *SIZE, 3)),
        "true": ("uint8", (4, *SIZE, 3)),
        "seen": ("bool", (4, *SIZE)),
        "displacement_px": ("float32", (4,)),
    }
    assert (np.diff(shown["displacement_px"]) > 0).all()
    for place in range(4):
        made, true, target = (
            shown[name][place][shown["seen"][place]].astype(int) for name in ("made", "true", "target")
        )
        assert np.abs(made - true).mean() < np.abs(target - true).mean()


def test_what_is_written(project, monkeypatch):
    monkeypatch.setattr(context_quality, "FRAMES", range(1))
    monkeypatch.setattr(context_quality, "EXAMPLES", range(1))
    study = project()
    write_quality(study)
    assert len(pd.read_csv(paths.context_quality(study.scale))) == 5 * 2 * 4
    with np.load(paths.context_examples(study.scale)) as file:
        assert set(file) == {"target", "made", "true", "seen", "displacement_px"}
        assert file["made"].shape == (2, 64, 64, 3)
