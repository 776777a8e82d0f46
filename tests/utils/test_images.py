"""Image files, decoded and scaled."""

import io

import numpy as np
import pytest
from PIL import Image

from packdepth.errors import InputError
from packdepth.utils.images import colours, counts, decode, read_image, thumbnail_of_depth
from tests.support.stores import jpeg


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_counts_of_sixteen_bits():
    values = np.array([[0, 1, 65535]], np.uint16)
    np.testing.assert_array_equal(counts(decode(png(Image.fromarray(values)), "a.png"), "a.png"), values)


def test_eight_bits_are_not_sixteen():
    with pytest.raises(InputError, match=r"a\.png: is of mode L; expected one channel of 16 bits"):
        counts(Image.new("L", (2, 2)), "a.png")


def test_an_image_of_the_right_size_is_left_as_it_is():
    rgb = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
    np.testing.assert_array_equal(colours(Image.fromarray(rgb), (4, 6)), rgb)


def test_each_side_is_scaled_by_its_own_factor():
    half_red = np.zeros((32, 64, 3), np.uint8)
    half_red[:, 32:, 0] = 255
    small = colours(Image.fromarray(half_red), (32, 16))
    assert small.shape == (32, 16, 3)
    assert small[:, 11:, 0].min() > 250
    assert small[:, :5].max() < 5


def test_grey_becomes_three_channels():
    assert colours(Image.new("L", (4, 2), 7), (2, 4)).tolist() == [[[7] * 3] * 4] * 2


@pytest.mark.parametrize("content", [b"", b"no image", jpeg(np.zeros((64, 64, 3), np.uint8))[:300]])
def test_what_is_no_image_is_named(content, tmp_path):
    with pytest.raises(InputError, match=r"zip/a\.jpg: cannot be read as an image"):
        decode(content, "zip/a.jpg")
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.jpg: cannot be read as an image"):
        read_image(tmp_path / "a.jpg")


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(InputError, match=r"b\.jpg: cannot be read as an image"):
        read_image(tmp_path / "b.jpg")


def test_a_depth_picture_keeps_the_nearest_point_of_a_block():
    depth = np.zeros((5, 330), np.float32)  # blocks of 2 x 2, the last row of them cut
    depth[0, 0], depth[1, 1], depth[4, 329] = 7, 3, 9
    small = thumbnail_of_depth(depth)
    assert small.shape == (3, 165)
    assert small[0, 0] == 3
    assert small[2, 164] == 9
    assert np.count_nonzero(small) == 2


def test_a_small_picture_is_left_as_it_is():
    depth = np.random.default_rng(0).random((96, 128), np.float32)
    np.testing.assert_array_equal(thumbnail_of_depth(depth), depth)
