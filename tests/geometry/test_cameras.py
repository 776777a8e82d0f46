import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from packdepth.geometry.cameras import crop_and_scale, nyu_intrinsics, pixel_rays, project, unproject

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
