"""Small archives of KITTI in the formats it is published in: raw drives, PackNet's KITTI_tiny, and the improved truth.

Camera 2 has a focal length of 500 px, its centre in the middle of the image, and stands 0.05 m to the right of the
rectified camera 0. The scanner is where camera 0 is, its x forward, y left, z up; the IMU is where the scanner is.
"""

import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

DATE = "2011_09_26"
DRIVES = (f"{DATE}_drive_0001_sync", f"{DATE}_drive_0002_sync")
SIZES = {DRIVES[0]: (375, 1242), DRIVES[1]: (370, 1224)}  # height and width, px
FRAMES = 4
FOCAL, BASELINE = 500.0, 0.05  # px, m
EARTH = 6_378_137.0  # m
STEP = 2.0  # m between two frames of a drive, straight to the east
TRAIN = [(DRIVES[0], 1), (DRIVES[0], 2)]
TEST = [(DRIVES[0], 0), (DRIVES[1], 1)]


def points(number: int) -> np.ndarray:
    """Points (P, 4) of the scanner: x forward, y left, z up, m, and reflectance.

    Three ahead, 4 cm above the scanner, at 10, 13 and 20 m (and `number` more); one to the left, at 8 m; two behind.
    """
    ahead = [[far + number, 0, 0.04, 0.5] for far in (10, 13, 20)]
    return np.array([*ahead, [8, 2, -1.01, 0.5], [-5, 0, 0, 0.5], [-0.01, 0, -1, 0.5]], np.float32)


def calibration(size: tuple[int, int] = SIZES[DRIVES[0]]) -> dict[str, bytes]:
    """The three files of a day, with lines that nobody needs among the others."""
    cx, cy = (size[1] - 1) / 2, (size[0] - 1) / 2
    rect = {c: [FOCAL, 0, cx, t * FOCAL, 0, FOCAL, cy, 0, 0, 0, 1, 0] for c, t in ((2, -BASELINE), (3, 0.5))}
    turned = [0, -1, 0, 0, 0, -1, 1, 0, 0]  # x forward, y left, z up to x right, y down, z forward
    eye = np.eye(3).ravel().tolist()
    cam = {"corner_dist": [9.95e-02], "S_02": [1392, 512], "D_02": [-0.37, 0.2, 0, 0, -0.07], "R_rect_00": eye}
    cam |= {f"P_rect_0{c}": values for c, values in rect.items()}
    return {
        "calib_cam_to_cam.txt": _lines(cam),
        "calib_velo_to_cam.txt": _lines({"R": turned, "T": [0, 0, 0], "delta_f": [0, 0]}),
        "calib_imu_to_velo.txt": _lines({"R": eye, "T": [0, 0, 0]}),
    }


def packet(
    number: int, angles: Sequence[float] = (0.0, 0.0, 0.0), velocity: Sequence[float] = (20.0, 1.0, 0.5)
) -> bytes:
    """30 values on the equator, `number` steps to the east: roll, pitch, yaw, and m/s to the east, the north and up."""
    longitude = np.degrees(number * STEP / EARTH)
    east, north, up = velocity
    along, across = np.cos(angles[2]), np.sin(angles[2])  # of the ground, as KITTI's forward and left are
    speeds = [north, east, east * along + north * across, north * along - east * across, up]
    values = [0.0, longitude, 100.0, *angles, *speeds] + [0.0] * 19
    return (" ".join(f"{value:.14f}" for value in values) + "\n").encode()


def drive(name: str, ending: str = "png") -> dict[str, bytes]:
    """A drive's files by their names inside its folder; camera 2 alone."""
    height, width = SIZES[name]
    files: dict[str, bytes] = {}
    for number in range(FRAMES):
        image = Image.new("RGB", (width, height), (40 * number, 90, 90))
        image.paste((255, 0, 0), (0, 0, 60, 60))  # the upper left corner
        files[f"image_02/data/{number:010d}.{ending}"] = encode(image, ending)
        files[f"velodyne_points/data/{number:010d}.bin"] = points(number).tobytes()
        files[f"oxts/data/{number:010d}.txt"] = packet(number)
    stamps = [f"2011-09-26 13:02:{25 + number}.961661696" for number in range(FRAMES)]
    files["image_02/timestamps.txt"] = "\n".join(stamps).encode() + b"\n"
    return files


def line(name: str, number: int) -> str:
    """A line of PackNet's lists."""
    return f"{DATE}/{name}/image_02/data/{number:010d}.png {DATE}/{name}/image_03/data/{number:010d}.png\n"


def lists() -> dict[str, bytes]:
    """The lists that a study of Zhou's and Eigen's splits needs."""
    chosen = {"eigen_zhou_files.txt": TRAIN, "eigen_test_files.txt": TEST}
    return {name: "".join(line(*frame) for frame in frames).encode() for name, frames in chosen.items()}


def write_raw(folder: Path, ending: str = "png") -> list[Path]:
    """A zip a drive and one of the day's calibration, as KITTI publishes them, and PackNet's lists."""
    written = []
    for name in DRIVES:
        members = {f"{DATE}/{name}/{file}": content for file, content in drive(name, ending).items()}
        written.append(_zip(folder / f"{name}.zip", members))
    written.append(_zip(folder / f"{DATE}_calib.zip", {f"{DATE}/{f}": c for f, c in calibration().items()}))
    for name, content in lists().items():
        (folder / name).write_bytes(content)
        written.append(folder / name)
    return written


def write_improved(folder: Path, frames: Iterable[tuple[str, int]] = (*TRAIN, TEST[0])) -> Path:
    """data_depth_annotated.zip: 1/256 m, a block of 2 x 1 px in row 100: 8 m and 12 m, and one of 7 m in the corner."""
    members = {}
    for name, number in frames:
        counts = np.zeros(SIZES[name], np.uint16)
        counts[100, 200:202] = (8 * 256, 12 * 256)
        counts[-1, -1] = 7 * 256
        member = f"train/{name}/proj_depth/groundtruth/image_02/{number:010d}.png"
        members[member] = encode(Image.fromarray(counts), "png")
    return _zip(folder / "data_depth_annotated.zip", members)


def write_tiny(folder: Path) -> Path:
    """KITTI_tiny.tar: a folder around all, its own list, and the scanner's points as depth maps."""
    top, name = "KITTI_tiny", DRIVES[0]
    files = {file: content for file, content in drive(name).items() if not file.startswith("velodyne_points")}
    for number in range(FRAMES):
        depth = np.zeros(SIZES[name], np.float32)
        depth[187, 621] = 10.0 + number
        files[f"proj_depth/velodyne/image_02/{number:010d}.npz"] = npz(depth)
    members = {f"{top}/{DATE}/{name}/{file}": content for file, content in files.items()}
    members |= {f"{top}/{DATE}/{file}": content for file, content in calibration().items()}
    members[f"{top}/kitti_tiny.txt"] = "".join(line(name, number) for number in (1, 2)).encode()
    with tarfile.open(folder / "KITTI_tiny.tar", "w") as archive:
        for member, content in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return folder / "KITTI_tiny.tar"


def npz(depth: np.ndarray) -> bytes:
    """A depth map as PackNet's authors publish it."""
    file = io.BytesIO()
    np.savez_compressed(file, velodyne_depth=depth)
    return file.getvalue()


def encode(image: Image.Image, ending: str) -> bytes:
    """An image file."""
    file = io.BytesIO()
    image.save(file, "JPEG" if ending == "jpg" else "PNG", quality=95, compress_level=1)
    return file.getvalue()


def _lines(values: Mapping[str, Iterable[float]]) -> bytes:
    numbers = (f"{key}: {' '.join(f'{v:.6e}' for v in row)}\n" for key, row in values.items())
    return ("calib_time: 09-Jan-2012 13:57:47\n" + "".join(numbers)).encode()


def _zip(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path
