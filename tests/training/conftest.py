"""A study that learns from neighbouring frames."""

import h5py
import pytest

from packdepth import paths
from packdepth.data.store.context import FORMAT, append_neighbours
from packdepth.data.store.frames import Store
from tests.support.context import beside, neighbours

NETWORK = {"architecture": "packnet", "head": "scaled-sigmoid", "width": 0.125}


@pytest.fixture
def temporal(stores):
    """A study whose temporal variant `new` has these settings, with stores, recorded context and a second camera's."""

    def write(**training):
        def edit(raw):
            raw["groups"]["temporal"]["variants"]["new"] = {"network": NETWORK, "training": training}

        study = stores(edit)
        with h5py.File(paths.context("tiny"), "w") as file:
            for kind, made in (("recorded", neighbours(12)), ("stereo", beside(12))):
                append_neighbours(file.create_group(kind), made)
                file[kind].attrs["fingerprint"] = "of these neighbours"
            fingerprint = Store(paths.store("tiny", "train")).fingerprint
            file.attrs.update({"format": FORMAT, "store": fingerprint, "parameters": "{}"})
        return study, study.run("new", 0)

    return write
