import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from packdepth.geometry.cameras import (
    crop,
    crop_and_scale,
    depth_map,
    nyu_intrinsics,
    pixel_rays,
    project,
    resize,
    unproject,
)

FX, FY, CX, CY = 518.8579, 519.46961, 325.58245, 253.73617


def _matrix(fx, fy, cx, cy):
    return torch.tensor([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], dtype=torch.float64)


def test_full_size_is_the_calibration():
    torch.testing.assert_close(nyu_intrinsics((480, 640)), _matrix(FX, FY, CX, CY))


def test_same_aspect_is_scaled_about_the_image_corner():
    expected = _matrix(FX / 5, FY / 5, (CX + 0.5) / 5 - 0.5, (CY + 0.5) / 5 - 0.5)
    torch.testing.assert_close(nyu_intrinsics((96, 128)), expected)


def test_narrower_aspect_crops_columns():
    scale = 128 / 480  # the crop is 480 x 600: 20 columns fall away on each side
    expected = _matrix(FX * scale, FY * scale, (CX + 0.5 - 20) * scale - 0.5, (CY + 0.5) * scale - 0.5)
    torch.testing.assert_close(nyu_intrinsics((128, 160)), expected)


def test_wider_aspect_crops_rows():
    scale = 0.5  # the crop is 320 x 640: 80 rows fall away above and below
    expected = _matrix(FX * scale, FY * scale, (CX + 0.5) * scale - 0.5, (CY + 0.5 - 80) * scale - 0.5)
    torch.testing.assert_close(nyu_intrinsics((160, 320)), expected)


def test_cropping_keeps_the_middle_of_the_image():
    middle = _matrix(500, 500, 319.5, 239.5)
    result = crop_and_scale(middle, (480, 640), (64, 64))
    assert result[0, 2] == pytest.approx(31.5)
    assert result[1, 2] == pytest.approx(31.5)


def test_crop_and_scale_leaves_its_input_alone():
    intrinsics = _matrix(FX, FY, CX, CY)
    crop_and_scale(intrinsics, (480, 640), (96, 96))
    torch.testing.assert_close(intrinsics, _matrix(FX, FY, CX, CY))


def test_resize_scales_each_side_by_its_own_factor_about_the_corner():
    expected = _matrix(FX / 2, FY / 4, (CX + 0.5) / 2 - 0.5, (CY + 0.5) / 4 - 0.5)
    torch.testing.assert_close(resize(_matrix(FX, FY, CX, CY), (480, 640), (120, 320)), expected)


def test_a_crop_moves_the_centre():
    torch.testing.assert_close(crop(_matrix(FX, FY, CX, CY), 20, 24), _matrix(FX, FY, CX - 24, CY - 20))


def test_a_depth_map_by_hand():
    """Focal length 10 px, centre (2, 1): x / z = 0.1 is one pixel."""
    camera = _matrix(10.0, 10.0, 2.0, 1.0)
    points = [
        [0.0, 0.0, 5.0],  # the centre, behind the next
        [0.0, 0.0, 4.0],
        [0.8, 0.0, 8.0],  # one pixel to the right
        [0.2, -0.08, 2.0],  # u = 3.0, v = 0.6, which is in row 1
        [-0.5, 0.2, 2.0],  # u = -0.5: the left edge of column 0
        [-0.51, 0.2, 2.0],  # u = -0.55: outside
        [0.0, 0.0, -3.0],  # behind the camera
        [0.0, 0.0, 0.0],
    ]
    expected = torch.tensor([[0, 0, 0, 0], [0, 0, 4, 2], [2, 0, 0, 0]], dtype=torch.float64)
    depth = depth_map(torch.tensor(points, dtype=torch.float64), camera, (3, 4))
    torch.testing.assert_close(depth, expected)


@given(seed=st.integers(0, 1000))
def test_a_depth_map_of_an_unprojected_one_is_the_same(seed):
    depth = 0.5 + 9.5 * torch.rand(6, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    depth[depth < 2] = 0
    camera = nyu_intrinsics((6, 8))
    torch.testing.assert_close(depth_map(unproject(depth, camera).reshape(-1, 3), camera, (6, 8)), depth)


def test_no_points_no_depth():
    assert not depth_map(torch.zeros(0, 3), _matrix(1.0, 1.0, 0.0, 0.0).float(), (2, 3)).any()


def test_rays_by_hand():
    rays = pixel_rays(_matrix(2.0, 4.0, 1.0, 0.5), (2, 3))
    assert rays.shape == (2, 3, 3)
    assert rays[0, 0].tolist() == [-0.5, -0.125, 1.0]
    assert rays[1, 2].tolist() == [0.5, 0.125, 1.0]


@given(seed=st.integers(0, 1000), height=st.integers(1, 12), width=st.integers(1, 12))
def test_project_undoes_unproject(seed, height, width):
    depth = 0.5 + 9.5 * torch.rand(2, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    intrinsics = torch.stack([nyu_intrinsics((height, width)), _matrix(3.0, 5.0, 1.0, 2.0)])
    pixels, again = project(unproject(depth, intrinsics), intrinsics)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    torch.testing.assert_close(again, depth)
    torch.testing.assert_close(
        pixels, torch.stack([columns, rows], -1).double().expand(2, -1, -1, -1), atol=1e-9, rtol=0
    )


@pytest.mark.parametrize("size", [(0, 4), (4, -1), (4,), (4.0, 4)])
def test_bad_size_is_named(size):
    with pytest.raises(ValueError, match="image size must be"):
        nyu_intrinsics(size)
