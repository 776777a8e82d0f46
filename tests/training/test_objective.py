"""Which losses a mode has, and what they are taken of."""

import pytest
import torch

from packdepth.config.losses import LossSettings
from packdepth.config.variants import PackNetNetwork, Training, Variant
from packdepth.losses.photometric import PhotometricLoss
from packdepth.losses.velocity import velocity_loss
from packdepth.training.loader import Item
from packdepth.training.objective import Objective


@pytest.fixture
def training(shipped):
    def settings(**changes) -> Variant:
        training = Training(**(shipped["training"] | changes))
        loss = LossSettings(**shipped["losses"][training.loss])
        return Variant(name="tried", network=PackNetNetwork(architecture="packnet"), training=training, loss=loss)

    return settings


@pytest.fixture
def batch() -> Item:
    torch.manual_seed(0)
    return {
        "image": torch.rand(2, 3, 32, 64),
        "depth": torch.full((2, 1, 32, 64), 2.5),
        "context": torch.rand(2, 2, 3, 32, 64),
        "seen": torch.ones(2, 2, 1, 32, 64),
        "intrinsics": torch.tensor([[60.0, 0, 31.5], [0, 60.0, 15.5], [0, 0, 1]]).expand(2, 3, 3),
        "distance": torch.tensor([[0.1, 0.2], [0.3, 0.4]]),
        "true_pose": torch.eye(4).repeat(2, 2, 1, 1),
    }


SCALES = [torch.full((2, 1, 32, 64), 5.0), torch.full((2, 1, 16, 32), 4.0)]
POSE = torch.eye(4).repeat(2, 2, 1, 1)
POSE[..., 0, 3] = 0.25


def test_supervised_is_the_depth_loss_of_the_finest_scale(training, batch):
    outcome = Objective(training())(SCALES, None, batch)
    assert outcome.terms.keys() == {"l1", "ssim", "gradient"}
    assert outcome.terms["l1"].item() == pytest.approx(5 - 255 / 64)  # 10 m / 2.5 m, in 8 bits
    assert outcome.loss.item() == pytest.approx(0.1 * outcome.terms["l1"].item() + outcome.terms["ssim"].item())
    assert outcome.target.shape == outcome.output.shape == (2, 1, 32, 64)
    assert outcome.motion is None


def test_an_output_in_1_per_metre_is_compared_as_the_same_depth(training, batch):
    normalised = Objective(training())(SCALES, None, batch)
    own = Objective(training(output_unit="1/m"))([scale / 10 for scale in SCALES], None, batch)
    torch.testing.assert_close(own.loss, normalised.loss)
    torch.testing.assert_close(own.output, normalised.output)


def test_reconstruction_is_the_mean_difference_from_the_image(training, batch):
    output = batch["image"] + 0.25
    outcome = Objective(training(mode="reconstruction"))([output], None, batch)
    assert outcome.loss.item() == pytest.approx(0.25)
    assert outcome.terms.keys() == {"l1"}
    assert outcome.target is batch["image"]


def test_self_supervised_is_photometric_in_metres(training, batch):
    settings = training(mode="self-supervised")
    outcome = Objective(settings)(SCALES, POSE, batch)
    inverse = [scale / 10 for scale in SCALES]
    expected, terms = PhotometricLoss(0.85, 0.001)(
        inverse, batch["image"], batch["context"], batch["seen"], batch["intrinsics"], POSE
    )
    assert outcome.terms.keys() == {"photometric", "smoothness"}
    torch.testing.assert_close(outcome.loss, expected)
    torch.testing.assert_close(outcome.terms["photometric"], terms["photometric"])
    assert torch.equal(outcome.motion.predicted, POSE)


def test_with_known_poses_none_is_predicted(training, batch):
    given = batch | {"true_pose": POSE}
    told = Objective(training(mode="self-supervised", pose="known"))(SCALES, None, given)
    predicted = Objective(training(mode="self-supervised"))(SCALES, POSE, batch)
    torch.testing.assert_close(told.loss, predicted.loss)  # the unmoved frames count for it, too
    assert told.motion is None


def test_the_velocity_loss_comes_with_its_weight(training, batch):
    without = Objective(training(mode="self-supervised"))(SCALES, POSE, batch)
    with_it = Objective(training(mode="self-supervised", velocity={"weight": 0.5}))(SCALES, POSE, batch)
    velocity = velocity_loss(POSE, batch["distance"])
    assert velocity.item() == pytest.approx(0.1)
    torch.testing.assert_close(with_it.terms["velocity"], velocity)
    torch.testing.assert_close(with_it.loss, without.loss + 0.5 * velocity)


def test_semi_supervised_is_both(training, batch):
    settings = training(mode="semi-supervised", velocity={"weight": 0.5})
    both = Objective(settings)(SCALES, POSE, batch)
    depth = Objective(training())(SCALES, None, batch)
    rest = Objective(training(mode="self-supervised", velocity={"weight": 0.5}))(SCALES, POSE, batch)
    assert both.terms.keys() == {"l1", "ssim", "gradient", "photometric", "smoothness", "velocity"}
    torch.testing.assert_close(both.loss, depth.loss + rest.loss)


BESIDE = torch.eye(4).repeat(2, 1, 1, 1)
BESIDE[..., 0, 3] = -0.2


def with_second_camera(batch: Item) -> Item:
    torch.manual_seed(1)
    views = torch.cat([batch["context"], torch.rand(2, 1, 3, 32, 64)], dim=1)
    return batch | {
        "context": views,
        "seen": torch.ones(2, 3, 1, 32, 64),
        "true_pose": torch.cat([batch["true_pose"], BESIDE], dim=1),
    }


def second_camera_alone(batch: Item) -> Item:
    both = with_second_camera(batch)
    of_time = {name: both[name][:, 2:] for name in ("context", "seen", "true_pose")}
    return {name: values for name, values in (both | of_time).items() if name != "distance"}


def test_a_second_camera_alone_needs_no_predicted_pose(training, batch):
    given = second_camera_alone(batch)
    outcome = Objective(training(mode="self-supervised", context="stereo"))(SCALES, None, given)
    inverse = [scale / 10 for scale in SCALES]
    arguments = (given["image"], given["context"], given["seen"], given["intrinsics"], BESIDE)
    expected, _ = PhotometricLoss(0.85, 0.001)(inverse, *arguments, in_time=0)
    assert outcome.terms.keys() == {"photometric", "smoothness"}
    torch.testing.assert_close(outcome.loss, expected)
    assert outcome.motion is None


def test_both_kinds_are_judged_together_and_speed_is_of_time_alone(training, batch):
    settings = training(mode="self-supervised", context=["recorded", "stereo"], velocity={"weight": 0.5})
    given = with_second_camera(batch)
    outcome = Objective(settings)(SCALES, POSE, given)
    inverse = [scale / 10 for scale in SCALES]
    arguments = (given["image"], given["context"], given["seen"], given["intrinsics"], torch.cat([POSE, BESIDE], dim=1))
    photometric, _ = PhotometricLoss(0.85, 0.001)(inverse, *arguments, in_time=2)
    torch.testing.assert_close(outcome.terms["velocity"], velocity_loss(POSE, batch["distance"]))
    torch.testing.assert_close(outcome.loss, photometric + 0.5 * outcome.terms["velocity"])
    assert torch.equal(outcome.motion.predicted, POSE)
    assert torch.equal(outcome.motion.true, batch["true_pose"])
    assert outcome.motion.distance is batch["distance"]


def test_semi_supervised_with_a_second_camera_is_both(training, batch):
    given = second_camera_alone(batch)
    both = Objective(training(mode="semi-supervised", context="stereo"))(SCALES, None, given)
    depth = Objective(training())(SCALES, None, batch)
    rest = Objective(training(mode="self-supervised", context="stereo"))(SCALES, None, given)
    torch.testing.assert_close(both.loss, depth.loss + rest.loss)
