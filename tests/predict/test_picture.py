"""Pictures of depth."""

import numpy as np
import pytest

from packdepth.predict.picture import COLOURS, Picture, span


def test_colours_span_nearly_all_depths():
    depth = np.linspace(0, 100, 10001, dtype=np.float32)
    assert span(depth) == pytest.approx((1.0, 99.0))
    assert span(np.full((4, 4), 2.0, np.float32)) == pytest.approx((2.0, 2.1))


def test_image_and_depth_side_by_side():
    rgb = np.zeros((40, 60, 3), np.uint8)
    rgb[..., 0] = 200
    depth = np.full((40, 60), 1.0, np.float32)
    picture = Picture((40, 60), (1.0, 3.0))
    drawn = picture.draw(rgb, depth)
    height, width = drawn.shape[:2]
    assert drawn[height // 2, width // 5].tolist() == [200, 0, 0]
    assert drawn[height // 2, 3 * width // 5].tolist() == list(COLOURS(0.0, bytes=True)[:3])
    farther = picture.draw(rgb, depth + 2)
    assert farther[height // 2, 3 * width // 5].tolist() == list(COLOURS(1.0, bytes=True)[:3])


def test_many_pixels_are_averaged_first():
    rgb = np.zeros((2000, 3000, 3), np.uint8)
    rgb[::2] = 200
    depth = np.full((2000, 3000), 1.0, np.float32)
    depth[::2] = 2.0
    picture = Picture((2000, 3000), (1.0, 2.0))
    drawn = picture.draw(rgb, depth).astype(int)
    assert picture.image.get_size() == (1000, 1500)
    height, width = drawn.shape[:2]
    assert drawn[height // 2, width // 5] == pytest.approx([100] * 3, abs=1)
    assert drawn[height // 2, 3 * width // 5] == pytest.approx([int(c) for c in COLOURS(0.5, bytes=True)[:3]], abs=2)


@pytest.mark.parametrize("size", [(10, 400), (400, 10), (3000, 2000)])
def test_the_picture_has_a_size_to_look_at(size):
    height, width = Picture(size, (0, 1)).draw(np.zeros((*size, 3), np.uint8), np.zeros(size, np.float32)).shape[:2]
    assert 300 < height < 800
    assert width < 1700
