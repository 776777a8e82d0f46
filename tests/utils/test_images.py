"""Image files, decoded and scaled."""

import io
import os

import numpy as np
import pytest
from PIL import ExifTags, Image

from packdepth.errors import InputError
from packdepth.utils import images
from packdepth.utils.images import (
    colours,
    counts,
    decode,
    fitted,
    read_header,
    read_image,
    read_photo,
    thumbnail_of_depth,
    upright_rgb,
)
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


GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "I;16", "I"])
def test_any_mode_becomes_rgb(mode):
    image = Image.fromarray(GREY).convert(mode) if mode[0] != "I" else Image.fromarray(GREY.astype(np.uint16) * 257)
    image = image.convert("I") if mode == "I" else image
    assert image.mode == mode
    np.testing.assert_array_equal(upright_rgb(image, "a"), np.repeat(GREY[..., None], 3, axis=2))


def test_a_palette_with_transparency_gives_its_colours(recwarn):
    palette = Image.fromarray(GREY).convert("P")
    palette.info["transparency"] = bytes(range(256))
    np.testing.assert_array_equal(upright_rgb(decode(png(palette), "a"), "a"), np.repeat(GREY[..., None], 3, axis=2))
    assert not list(recwarn)


def test_floats_and_more_than_sixteen_bits_are_refused():
    with pytest.raises(InputError, match=r"a\.tif: holds floats; expected 8 or 16 bits"):
        upright_rgb(Image.new("F", (2, 2)), "a.tif")
    with pytest.raises(InputError, match=r"a\.tif: has grey from 70000 to 70000; expected 8 or 16 bits"):
        upright_rgb(Image.new("I", (2, 2), 70000), "a.tif")


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_header_and_pixels_agree_on_what_is_upright(tmp_path, ending, orientation, turns):
    """EXIF's 6: the stored right side is the top."""
    grey = np.zeros((32, 64), np.uint8)
    grey[:16, :32] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / f"a.{ending}"
    Image.fromarray(grey).convert("RGB").save(path, exif=exif)
    upright = upright_rgb(read_image(path), "a")
    np.testing.assert_allclose(np.asarray(upright)[8::16, 8::16, 0], np.rot90(grey, turns)[8::16, 8::16], atol=9)
    header = read_header(path)
    assert header.size == (upright.height, upright.width)
    assert header.turned == (orientation != 1 and ending != "tif")  # Pillow turns TIFFs by itself


def test_broken_exif_data_say_nothing(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(np.full((8, 16, 3), 90, np.uint8)))
    Image.open(tmp_path / "a.jpg").save(tmp_path / "a.jpg", exif=b"Exif\0\0no such data")
    assert read_header(tmp_path / "a.jpg").size == (8, 16)
    assert upright_rgb(read_image(tmp_path / "a.jpg"), "a").size == (16, 8)


@pytest.mark.parametrize("content", [b"", b"no image", b"P5\n4 4\nmuch\n", jpeg(np.zeros((64, 64, 3), np.uint8))[:300]])
def test_what_is_no_image_is_named(content, tmp_path):
    with pytest.raises(InputError, match=r"zip/a\.jpg: cannot be read as an image"):
        decode(content, "zip/a.jpg")
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.jpg: cannot be read as an image"):
        read_image(tmp_path / "a.jpg")


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n%%EOF\n"


def test_postscript_starts_no_program(tmp_path, monkeypatch):
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    path = tmp_path / "photo.png"
    path.write_bytes(POSTSCRIPT)
    for read in (read_image, read_header):
        with pytest.raises(InputError, match=r"photo\.png: cannot be read as an image: not one of PNG, JPEG"):
            read(path)
    assert not (tmp_path / "started").exists()


@pytest.mark.parametrize("ending", ["png", "jpg", "tif"])
def test_a_very_large_photo_is_read_at_half_its_size(tmp_path, monkeypatch, ending):
    rows, columns = np.mgrid[:61, :84]
    rgb = np.stack([rows, columns, rows + columns], -1).astype(np.uint8)
    path = tmp_path / f"large.{ending}"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # a quarter turn to the right
    Image.fromarray(rgb).save(path, exif=exif, **({"quality": 95, "subsampling": 0} if ending == "jpg" else {}))
    monkeypatch.setattr(images, "MOST_PIXELS", 61 * 84)
    same, once = read_photo(path)
    assert (same.size, once) == ((61, 84), 1)
    for most in (61 * 84 - 1, 31 * 42):
        monkeypatch.setattr(images, "MOST_PIXELS", most)
        half, twice = read_photo(path)
        assert (half.size, twice) == ((31, 42), 2)
        np.testing.assert_allclose(half, same.reduce(2), atol=4)
    monkeypatch.setattr(images, "MOST_PIXELS", 61 * 84 // 4 - 1)
    with pytest.raises(InputError, match=rf"large\.{ending}: cannot be read as an image: has (61x84|84x61) px"):
        read_photo(path)


def test_pillows_own_limit_is_left_to_others(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    path = tmp_path / "a.png"
    Image.new("L", (10, 10)).save(path)
    assert read_image(path).size == (10, 10)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(path)


@pytest.mark.parametrize("read", [read_image, read_photo, read_header])
def test_a_pipe_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match=r"^\S*pipe\.png: is a pipe or a device; expected a file$"):
        read(tmp_path / "pipe.png")


def test_more_pixels_than_any_photo_has_are_not_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "MOST_PIXELS", 99)
    path = tmp_path / "large.png"
    Image.new("L", (10, 10)).save(path)
    for read in (read_image, read_header):
        with pytest.raises(InputError, match=r"large\.png: cannot be read as an image: has 10x10 px, more than"):
            read(path)


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(InputError, match=r"b\.jpg: cannot be read as an image"):
        read_image(tmp_path / "b.jpg")


def test_dense_depth_takes_the_nearest_pixel():
    depth = np.random.default_rng(0).uniform(1, 9, (12, 16)).astype(np.float32)
    np.testing.assert_array_equal(fitted(depth, (4, 4)), depth[1::3, 2::4])
    np.testing.assert_array_equal(fitted(depth, (24, 32)), depth.repeat(2, axis=0).repeat(2, axis=1))


def test_sparse_depth_keeps_its_points_and_the_nearest_of_several():
    depth = np.zeros((8, 8), np.float32)
    depth[0, 0], depth[0, 3], depth[3, 0], depth[7, 7] = 5, 4, 6, 9
    expected = np.zeros((2, 2), np.float32)
    expected[0, 0], expected[1, 1] = 4, 9
    np.testing.assert_array_equal(fitted(depth, (2, 2)), expected)


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
