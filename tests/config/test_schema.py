"""Faults of params.yaml in one line, with the nearest right word."""

import pytest

from packdepth.config.datasets import Data
from packdepth.config.schema import validated
from packdepth.config.study import TAGGED
from packdepth.config.variants import Network
from packdepth.errors import InputError


@pytest.mark.parametrize(
    ("schema", "raw", "words"),
    [
        (Network, {"architecture": "paknet"}, "'packnet'"),
        (Network, {"architecture": "packnet", "skips": "conkat"}, "'concat'"),
        (Network, {"architecture": "packnet", "skip": "concat"}, "'skips'"),
        (Data, {"dataset": "kiti"}, "'kitti'"),
    ],
)
def test_a_misspelt_word(schema, raw, words):
    with pytest.raises(InputError, match=f"^params.yaml: here.*; did you mean {words}") as caught:
        validated(schema, raw, "here", "params.yaml", TAGGED)
    assert "\n" not in str(caught.value)


def test_a_number_of_the_wrong_kind_has_no_nearest_word():
    with pytest.raises(InputError, match=r"got 'much'\)$"):
        validated(Network, {"architecture": "packnet", "width": "much"}, "here", "params.yaml", TAGGED)


FOLDER = {"dataset": "folder", "source": "frames", "size": [64, 64], "depth_unit": 0.001, "intrinsics": [1, 1, 0, 0]}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"intrinsics": [1, 1, 0]}, r"intrinsics: .*must be fx, fy, cx, cy, or a CSV file .* \(got \[1, 1, 0\]\)"),
        ({"rgb": "*/rgb/*"}, r"depth: .*must have as many wildcards as `rgb`.* \(got 'depth/\*'\)"),
        ({"test": 1.5}, r"test: Input should be less than or equal to 1 \(got 1.5\)"),
        ({"split_by": "blocks"}, "split_by: .*did you mean 'block'"),
    ],
)
def test_a_folder_that_is_described_wrongly(changes, fault):
    with pytest.raises(InputError, match=rf"^params\.yaml: here\.{fault}"):
        validated(Data, FOLDER | changes, "here", "params.yaml", TAGGED)
