"""Depth as a cloud of coloured points, in a .ply file, for any viewer of point clouds."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from packdepth.utils.files import atomic_write

POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1")])
TYPES = {"<f4": "float", "|u1": "uchar"}  # as PLY calls them


def points(depth: NDArray[np.float32], rgb: NDArray[np.uint8], focal_length: float) -> NDArray[np.void]:
    """One point a pixel, row by row: x right, y down, z ahead, in m, seen by a pinhole camera.

    Args:
        depth: (H, W), m.
        rgb: (H, W, 3).
        focal_length: px. The principal point is the centre of the image, pixels are square.
    """
    height, width = depth.shape
    rows, columns = np.mgrid[:height, :width]
    cloud = np.empty(height * width, POINT)
    cloud["x"] = ((columns - (width - 1) / 2) * depth / focal_length).ravel()
    cloud["y"] = ((rows - (height - 1) / 2) * depth / focal_length).ravel()
    cloud["z"] = depth.ravel()
    for place, colour in enumerate(("red", "green", "blue")):
        cloud[colour] = rgb[..., place].ravel()
    return cloud


def write_cloud(path: Path, depth: NDArray[np.float32], rgb: NDArray[np.uint8], focal_length: float) -> None:
    """Write the `points` as a binary PLY file, whole or not at all; a comment in it names the camera."""
    cloud, (height, width) = points(depth, rgb, focal_length), depth.shape
    fields = [f"property {TYPES[POINT[name].str]} {name}" for name in POINT.names or ()]
    centre = f"{(width - 1) / 2:g} {(height - 1) / 2:g}"
    camera = f"comment pinhole camera: {width}x{height} px, focal length {focal_length:g} px, principal point {centre}"
    header = ["ply", "format binary_little_endian 1.0", camera, f"element vertex {len(cloud)}", *fields, "end_header"]
    with atomic_write(path) as part:
        part.write_bytes("\n".join(header).encode() + b"\n" + cloud.tobytes())
