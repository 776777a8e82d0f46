"""Augmentation: counted draws, the right probabilities, all pictures of a frame alike."""

import numpy as np
import torch

from packdepth.training.augmentation import Item, augment_batch, draw_augmentation

CPU = torch.device("cpu")
RGB = torch.arange(2 * 4 * 3, dtype=torch.uint8).reshape(2, 4, 3)
DEPTH = torch.arange(8, dtype=torch.float32).reshape(1, 2, 4)


def of_one(draw: Item, **pictures: torch.Tensor) -> Item:
    """A batch of one frame, augmented."""
    batch = augment_batch({name: values[None] for name, values in (draw | pictures).items()}, CPU)
    return {name: values[0] for name, values in batch.items()}


def test_without_augmentation_pictures_are_scaled_and_nothing_else():
    made = of_one(draw_augmentation((0, 0, 0), flip=0, channel_swap=0), image=RGB, depth=DEPTH)
    assert made.keys() == {"image", "depth"}
    torch.testing.assert_close(made["image"], RGB.permute(2, 0, 1) / 255)
    assert torch.equal(made["depth"], DEPTH)


def test_image_depth_and_camera_flip_together():
    intrinsics = torch.tensor([[50.0, 0, 1], [0, 50, 1], [0, 0, 1]])
    made = of_one(draw_augmentation((0, 0, 0), flip=1, channel_swap=0), image=RGB, depth=DEPTH, intrinsics=intrinsics)
    torch.testing.assert_close(made["image"], RGB.flip(1).permute(2, 0, 1) / 255)
    assert torch.equal(made["depth"], DEPTH.flip(-1))
    assert made["intrinsics"].tolist() == [[50, 0, 2], [0, 50, 1], [0, 0, 1]]  # the second of four columns: the third


def test_neighbours_are_augmented_as_their_frame():
    draw = {"flipped": torch.tensor(True), "colours": torch.tensor([2, 0, 1])}
    seen = torch.tensor([[[[True, False, False, False]] * 2], [[[False, True, False, False]] * 2]])
    made = of_one(draw, image=RGB, context=torch.stack([RGB, RGB + 100]), seen=seen)
    torch.testing.assert_close(made["image"], RGB.flip(1).permute(2, 0, 1)[[2, 0, 1]] / 255)
    torch.testing.assert_close(made["context"][0], made["image"])
    torch.testing.assert_close(made["context"][1], made["image"] + 100 / 255)
    assert made["seen"].dtype == torch.float32
    assert torch.equal(made["seen"], seen.flip(-1).float())


def test_every_frame_of_a_batch_has_its_own_draw():
    draws = {"flipped": torch.tensor([True, False]), "colours": torch.tensor([[0, 1, 2], [1, 2, 0]])}
    made = augment_batch(draws | {"image": torch.stack([RGB, RGB]), "depth": torch.stack([DEPTH, DEPTH])}, CPU)
    assert torch.equal(made["depth"][0], DEPTH.flip(-1))
    assert torch.equal(made["depth"][1], DEPTH)
    torch.testing.assert_close(made["image"][1], RGB.permute(2, 0, 1)[[1, 2, 0]] / 255)


def test_channels_are_reordered_never_mixed():
    orders = {
        tuple(draw_augmentation((0, 0, frame), flip=0, channel_swap=1)["colours"].tolist()) for frame in range(100)
    }
    assert len(orders) == 6
    assert all(sorted(order) == [0, 1, 2] for order in orders)


def test_the_same_key_draws_the_same_and_keys_draw_apart():
    def flips(epoch: int) -> list[bool]:
        return [bool(draw_augmentation((1, epoch, frame), 0.5, 0.5)["flipped"]) for frame in range(400)]

    assert flips(2) == flips(2)
    assert flips(2) != flips(3)
    assert 150 < sum(flips(2)) < 250


def test_draws_are_those_of_the_published_runs():
    for frame in range(6):
        draw, random = draw_augmentation((0, 0, frame), 0.5, 0.25), np.random.default_rng((0, 0, frame))
        flip, swap = random.random(2)
        order = random.permutation(3).tolist() if swap < 0.25 else [0, 1, 2]
        assert bool(draw["flipped"]) == (flip < 0.5)
        assert draw["colours"].tolist() == order
