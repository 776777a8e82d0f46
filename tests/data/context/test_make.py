"""`packdepth context`: every kind the scale asks for, for the frames that are there."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from packdepth import paths
from packdepth.data.context.make import make_context
from packdepth.data.store.context import ContextStore
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.stores import made_store, slopes, write_store

CONTEXT = {"kinds": ["recorded", "synthetic"], "motion": "cart"}


def with_context(**changes):
    def edit(raw):
        raw["scales"]["tiny"] |= {"context": CONTEXT | changes}

    return edit


def of_two_cameras(**changes):
    def edit(raw):
        with_context(**changes)(raw)
        raw["scales"]["tiny"]["data"]["stereo"] = 0.25

    return edit


def run(study) -> Path:
    make_context(study, paths.store("tiny", "train"), paths.context("tiny"))
    return paths.context("tiny")


def test_both_kinds_of_rooms(project):
    study = project(with_context())
    store = made_store(study.data, "train", paths.store("tiny", "train").parent)
    path = run(study)
    kinds = {kind: ContextStore(path, kind, store) for kind in CONTEXT["kinds"]}
    for context in kinds.values():
        assert context.frames() == list(range(12))
        np.testing.assert_allclose(context.time_step(3), 1 / 3, rtol=1e-6)
    assert kinds["recorded"].mask(0).all()
    assert 0.6 <= kinds["synthetic"].mask(0).mean() < 1
    made = kinds["synthetic"].rgb(0).astype(float)
    assert 0 < np.abs(made - store.rgb(0)).mean() < 60
    assert kinds["recorded"].fingerprint != kinds["synthetic"].fingerprint
    first = path.read_bytes()
    assert run(study).stat().st_size == len(first)
    assert ContextStore(path, "synthetic", store).fingerprint == kinds["synthetic"].fingerprint


def test_another_seed_moves_otherwise(project):
    write_store(paths.store("tiny", "train"), slopes(12))
    store = Store(paths.store("tiny", "train"))
    fingerprints = {
        ContextStore(run(project(with_context(kinds=["synthetic"], seed=seed))), "synthetic", store).fingerprint
        for seed in (0, 1)
    }
    assert len(fingerprints) == 2


def test_sparse_depth_makes_no_synthetic_context(project):
    study = project(with_context(kinds=["synthetic"]))
    batch = slopes(12)
    batch.depth[:, 1:] = 0  # one row of LiDAR
    write_store(paths.store("tiny", "train"), batch)
    with pytest.raises(InputError, match=r"depth is known at 1\.6% of pixels; synthetic context needs 30%"):
        run(study)
    assert not paths.context("tiny").exists()


def test_depth_of_another_size(project):
    study = project(with_context(kinds=["synthetic"]))
    batch = slopes(12)
    write_store(paths.store("tiny", "train"), type(batch)(**{**vars(batch), "depth": batch.depth[:, ::2, ::2]}))
    with pytest.raises(InputError, match=r"depth is \(32, 32\), images \(64, 64\)"):
        run(study)


def test_a_kill_leaves_nothing_half_written(project, monkeypatch):
    study = project(with_context())
    made_store(study.data, "train", paths.store("tiny", "train").parent)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(h5py.AttributeManager, "update", stop)
    with pytest.raises(KeyboardInterrupt):
        run(study)
    assert [file.name for file in paths.context("tiny").parent.glob("*context*")] == []


def test_what_a_kill_left_is_removed(project):
    study = project(with_context())
    made_store(study.data, "train", paths.store("tiny", "train").parent)
    left = paths.context("tiny").parent / ".context.abc.part.h5"  # as a kill that nothing can catch leaves it
    left.touch()
    run(study)
    assert not left.exists()


def test_an_unknown_motion(project):
    with pytest.raises(
        InputError, match=r"unknown motion in scales\.tiny\.context 'handhold'; did you mean 'handheld'"
    ):
        project(with_context(motion="handhold"))


def test_all_kinds_of_rooms_side_by_side(project):
    every = ["recorded", "synthetic", "stereo", "synthetic-stereo"]
    study = project(of_two_cameras(kinds=every, baseline=0.25))
    store = made_store(study.data, "train", paths.store("tiny", "train").parent)
    path = run(study)
    kinds = {kind: ContextStore(path, kind, store) for kind in every}
    assert len({context.fingerprint for context in kinds.values()}) == 4
    for kind in ("stereo", "synthetic-stereo"):
        assert kinds[kind].frames() == list(range(12))
        assert kinds[kind].rgb(3).shape == (1, 64, 64, 3)
        assert kinds[kind].pose(3)[0, :3, 3].tolist() == [-0.25, 0, 0]
    assert (kinds["stereo"].rgb(3)[0] == store.rgb(12 + 3)).all()
    with h5py.File(path) as file:
        assert set(file["stereo"]) == {"frame", "image", "pose"}
        assert set(file["synthetic-stereo"]) == {"frame", "rgb", "mask", "pose"}
        assert json.loads(file.attrs["parameters"])["baseline"] == 0.25


def test_stereo_changes_nothing_of_the_kinds_in_time(project):
    study = project(of_two_cameras())
    store = made_store(study.data, "train", paths.store("tiny", "train").parent)
    before = ContextStore(run(study), "recorded", store).fingerprint
    with h5py.File(paths.context("tiny")) as file:
        assert "baseline" not in json.loads(file.attrs["parameters"])
    after = run(project(of_two_cameras(kinds=["stereo", "recorded"])))
    assert ContextStore(after, "recorded", store).fingerprint == before


@pytest.mark.parametrize(("dataset", "way"), [("kitti", "true"), ("rooms", r"0\.2")])
def test_a_data_set_without_a_second_camera_is_told(project, dataset, way):
    def edit(raw):
        with_context(kinds=["stereo"])(raw)
        if dataset == "kitti":
            raw["scales"]["tiny"]["data"] = raw["scales"]["kitti"]["data"]

    study = project(edit)
    write_store(paths.store("tiny", "train"), slopes(12))
    with pytest.raises(InputError, match=rf"{dataset} has no images of a second camera here.+`stereo: {way}`"):
        run(study)
    assert not paths.context("tiny").exists()


def test_sparse_depth_makes_no_synthetic_stereo(project):
    study = project(with_context(kinds=["synthetic-stereo"]))
    batch = slopes(12)
    batch.depth[:, 1:] = 0  # one row of LiDAR
    write_store(paths.store("tiny", "train"), batch)
    with pytest.raises(InputError, match=r"depth is known at 1\.6% of pixels; synthetic context needs 30%"):
        run(study)
