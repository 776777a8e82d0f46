"""The counted order: every frame once an epoch, and any step can be started at."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.models.network import image_tensor
from packdepth.training.loader import CountedBatches, TrainingFrames, batches
from tests.support.stores import slopes, write_store


@given(
    frames=st.integers(1, 40), batch=st.integers(1, 8), epochs=st.integers(1, 3), seed=st.integers(0, 9), data=st.data()
)
def test_starting_late_gives_the_rest(frames, batch, epochs, seed, data):
    if frames < batch:
        with pytest.raises(InputError, match="make no batch"):
            CountedBatches(frames, batch, epochs, seed)
        return
    whole = list(CountedBatches(frames, batch, epochs, seed))
    assert len(whole) == epochs * (frames // batch)
    first = data.draw(st.integers(0, len(whole)))
    assert list(CountedBatches(frames, batch, epochs, seed, first)) == whole[first:]
    for epoch in range(epochs):
        seen = [frame for keys in whole for e, frame in keys if e == epoch]
        assert len(set(seen)) == len(seen) == frames // batch * batch


def test_half_an_epoch_is_the_first_half_of_one():
    whole, half, more = (list(CountedBatches(32, 4, epochs, 0)) for epochs in (1, 0.5, 1.5))
    assert half == whole[:4]
    assert more[:8] == whole
    assert len(more) == 12
    assert list(CountedBatches(32, 4, 1.5, 0, first_step=10)) == more[10:]


def test_epochs_and_seeds_have_orders_of_their_own():
    first, second = (next(iter(CountedBatches(32, 32, 1, seed))) for seed in (0, 1))
    both = list(CountedBatches(32, 32, 2, 0))
    assert [f for _, f in first] != [f for _, f in second]
    assert [f for _, f in both[0]] != [f for _, f in both[1]]


def test_batches_are_images_of_8_bits_and_depth_in_metres(tmp_path):
    made = slopes(4)
    store = Store(write_store(tmp_path / "s.h5", made))
    order = CountedBatches(4, 4, 1, 0)
    batch = next(iter(batches(TrainingFrames(store, 0, 0, 0), order, 0)))
    images, depths = batch["image"], batch["depth"]
    assert images.shape == (4, 64, 64, 3)
    assert depths.shape == (4, 1, 64, 64)
    index = next(iter(order))[2][1]
    np.testing.assert_array_equal(images[2], made.rgb[index])
    torch.testing.assert_close(depths[2, 0], torch.from_numpy(made.depth[index].copy()), atol=5.1e-4, rtol=0)


def test_only_the_first_frames_are_trained_on_where_a_count_is_given(tmp_path):
    store = Store(write_store(tmp_path / "s.h5", slopes(4)))
    assert (len(TrainingFrames(store, 0, 0, 0)), len(TrainingFrames(store, 0, 0, 0, count=3))) == (4, 3)


def test_image_tensor_by_hand():
    pixels = np.array([[[255, 0, 51]]], np.uint8)
    torch.testing.assert_close(image_tensor(pixels), torch.tensor([1.0, 0.0, 0.2]).reshape(3, 1, 1))
    assert image_tensor(np.zeros((2, 4, 6, 3), np.uint8)).shape == (2, 3, 4, 6)
