"""Clouds of points."""

from pathlib import Path

import numpy as np

from packdepth.predict.cloud import points, write_cloud


def test_points_by_hand():
    """Four pixels around the centre, at half a pixel from it, through 2 px."""
    depth = np.array([[4.0, 8.0], [4.0, 8.0]], np.float32)
    rgb = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    cloud = points(depth, rgb, 2.0)
    assert cloud["x"].tolist() == [-1, 2, -1, 2]
    assert cloud["y"].tolist() == [-1, -2, 1, 2]
    assert cloud["z"].tolist() == [4, 8, 4, 8]
    assert cloud["green"].tolist() == [1, 4, 7, 10]


def test_the_file_is_as_ply_says(tmp_path: Path):
    write_cloud(tmp_path / "c.ply", np.ones((1, 2), np.float32), np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8), 1.0)
    header, _, body = (tmp_path / "c.ply").read_bytes().partition(b"end_header\n")
    assert header.decode().splitlines() == [
        "ply",
        "format binary_little_endian 1.0",
        "comment pinhole camera: 2x1 px, focal length 1 px, principal point 0.5 0",
        "element vertex 2",
        *(f"property float {name}" for name in "xyz"),
        *(f"property uchar {name}" for name in ("red", "green", "blue")),
    ]
    assert (
        body
        == np.array([-0.5, 0, 1], "<f4").tobytes()
        + b"\x01\x02\x03"
        + np.array([0.5, 0, 1], "<f4").tobytes()
        + b"\x04\x05\x06"
    )
