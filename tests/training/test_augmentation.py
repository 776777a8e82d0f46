"""Augmentation: counted draws, the right probabilities, all pictures of a frame alike."""

import numpy as np
import torch

from packdepth.geometry.backward_warp import synthesize_view
from packdepth.geometry.rigid import rigid, rotation_from_vector
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


def test_both_images_of_a_pair_have_their_colours_in_the_same_order():
    draw = {"flipped": torch.tensor(False), "colours": torch.tensor([2, 0, 1])}
    made = of_one(draw, image=torch.cat([RGB, RGB + 100], dim=-1))["image"]
    torch.testing.assert_close(made[:3], RGB.permute(2, 0, 1)[[2, 0, 1]] / 255)
    torch.testing.assert_close(made[3:], made[:3] + 100 / 255)


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


def test_a_flipped_pair_has_its_second_camera_on_the_left():
    draws = {"flipped": torch.tensor([True, False]), "colours": torch.tensor([[0, 1, 2]] * 2)}
    pose = torch.eye(4).repeat(2, 1, 1, 1)
    pose[..., 0, 3] = -0.2
    made = augment_batch(draws | {"image": torch.stack([RGB, RGB]), "true_pose": pose}, CPU)["true_pose"]
    assert made.shape == (2, 1, 4, 4)
    torch.testing.assert_close(made[:, 0, :3, 3], torch.tensor([[0.2, 0, 0], [-0.2, 0, 0]]))
    torch.testing.assert_close(made[..., :3, :3], torch.eye(3).expand(2, 1, 3, 3))


def test_a_flipped_pair_is_looked_up_to_the_flipped_view():
    """Any pose, any depth, an off-centre camera: flipping first and looking up then, or the other way round."""
    random = torch.Generator().manual_seed(0)
    context = torch.randint(0, 256, (1, 16, 24, 3), dtype=torch.uint8, generator=random)
    camera = torch.tensor([[20.0, 0, 9.3], [0, 21, 6.8], [0, 0, 1]])
    turned = rotation_from_vector(torch.tensor([0.02, -0.05, 0.03]))
    item = {"image": context[0], "context": context, "depth": 1 + torch.rand(1, 16, 24, generator=random)}
    item |= {"intrinsics": camera, "true_pose": rigid(turned, torch.tensor([-0.2, 0.03, 0.05]))[None]}
    views = []
    for flipped in (False, True):
        made = of_one({"flipped": torch.tensor(flipped), "colours": torch.arange(3)}, **item)
        view = synthesize_view(made["context"], 1 / made["depth"][None], made["intrinsics"][None], made["true_pose"])
        views.append([part.flip(-1) if flipped else part for part in view])
    torch.testing.assert_close(views[0][0], views[1][0], atol=1e-4, rtol=0)
    assert torch.equal(views[0][1], views[1][1])
    assert 0.5 < views[0][1].float().mean() < 1
