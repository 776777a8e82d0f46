"""Rooms as a store: with the second camera's images behind all frames."""

from pathlib import Path

import numpy as np

from packdepth.config.datasets import RoomsData
from packdepth.data import rooms
from packdepth.data.datasets.rooms import PIECE
from tests.support.stores import made_store

FRAMES = PIECE + 2
DATA = RoomsData(dataset="rooms", size=(32, 32), train=FRAMES, test=2, seed=3)
SEEN_BY_TWO = DATA.model_copy(update={"stereo": 0.25})


def test_the_second_cameras_images_stand_behind_the_same_frames(tmp_path: Path):
    one, two = made_store(DATA, "train", tmp_path / "one"), made_store(SEEN_BY_TWO, "train", tmp_path / "two")
    assert (len(one), one.images, len(two), two.images) == (FRAMES, FRAMES, FRAMES, 2 * FRAMES)
    assert not one.has("second")
    for index in (0, FRAMES - 1):
        np.testing.assert_array_equal(one.rgb(index), two.rgb(index))
        np.testing.assert_array_equal(one.depth(index), two.depth(index))
        assert two.second(index) == FRAMES + index
        assert two.id(FRAMES + index) == f"{two.id(index)}/right"
        assert two.second_pose(index)[:3, 3].tolist() == [-0.25, 0, 0]
        right = rooms.render_right(3, "train", [index], (32, 32), 0.25).rgb[0]
        np.testing.assert_array_equal(two.rgb(FRAMES + index), right)


def test_seeds_can_be_added_to_what_was_trained_before_there_was_a_second_camera(tmp_path: Path):
    stores = [made_store(data, "test", tmp_path / str(data.stereo)) for data in (DATA, SEEN_BY_TWO)]
    assert stores[0].made_of == stores[1].made_of
    assert stores[0].fingerprint != stores[1].fingerprint
