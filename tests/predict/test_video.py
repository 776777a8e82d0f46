"""Depth of videos."""

from pathlib import Path

import numpy as np
import pytest

from packdepth.inference.depth_model import DepthModel
from packdepth.predict.command import Wanted, predict

av = pytest.importorskip("av")
pytestmark = pytest.mark.slow


@pytest.fixture
def model() -> DepthModel:
    return DepthModel({"architecture": "constant"}, (32, 64)).eval()


def clip(path: Path, frames: int = 7) -> str:
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 48, 80, "yuv420p"
        for grey in range(frames):
            picture = np.full((48, 80, 3), 30 * grey % 256, np.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    return str(path)


def test_every_frame_and_a_video_of_them(tmp_path: Path, model: DepthModel):
    out = tmp_path / "out"
    written, failed = predict(model, [clip(tmp_path / "clip.mp4")], Wanted(out, depth="npy"))
    assert (written, failed) == ([out / "clip_depth", out / "clip_picture.mp4"], [])
    frames = sorted((out / "clip_depth").iterdir())
    assert [frame.name for frame in frames] == [f"{index:06}.npy" for index in range(7)]
    assert np.load(frames[0]).shape == (48, 80)
    with av.open(str(out / "clip_picture.mp4")) as file:
        assert file.streams.video[0].average_rate == 10
        assert len(list(file.decode(video=0))) == 7


def test_a_broken_video_leaves_nothing(tmp_path: Path, model: DepthModel):
    whole = Path(clip(tmp_path / "clip.mp4", 60)).read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "words.mp4").write_text("no video")
    out = tmp_path / "out"
    written, failed = predict(model, [str(tmp_path / "half.mp4"), str(tmp_path / "words.mp4")], Wanted(out))
    assert written == []
    assert ["cannot be read as a video" in line for line in failed] == [True, True]
    assert list(out.iterdir()) == []


def test_with_force_a_videos_frames_are_replaced(tmp_path: Path, model: DepthModel):
    wanted = Wanted(tmp_path / "out", force=True)
    predict(model, [clip(tmp_path / "clip.mp4", 7)], wanted)
    predict(model, [clip(tmp_path / "clip.mp4", 3)], wanted)
    assert len(list((tmp_path / "out" / "clip_depth").iterdir())) == 3


def test_a_file_of_only_sound(tmp_path: Path, model: DepthModel):
    with av.open(str(tmp_path / "song.mp4"), "w") as file:
        stream = file.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    _, failed = predict(model, [str(tmp_path / "song.mp4")], Wanted(tmp_path / "out"))
    assert failed == [f"{tmp_path / 'song.mp4'}: has no pictures, only sound"]
