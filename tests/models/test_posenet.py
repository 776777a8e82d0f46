"""PoseNet: its size, its meaning, and its near-zero start."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.errors import InputError
from packdepth.geometry.euler import rotation_from_euler
from packdepth.geometry.rigid import inverse, rigid, rotation_from_vector
from packdepth.models.posenet import PoseNet

angles = st.floats(-4, 4)


@pytest.fixture(scope="module")
def network() -> PoseNet:
    torch.manual_seed(0)
    return PoseNet()


def frames(height: int, width: int, batch: int = 2) -> tuple[Tensor, Tensor]:
    images = torch.rand(batch, 3, 3, height, width, generator=torch.Generator().manual_seed(1))
    return images[:, 0], images[:, 1:]


def test_parameter_count(network: PoseNet) -> None:
    assert sum(p.numel() for p in network.parameters()) == 1_592_684


def test_its_one_stage_holds_every_parameter(network: PoseNet) -> None:
    (modules,) = network.stages().values()
    assert list(network.stages()) == ["pose"]
    assert [p for module in modules for p in module.parameters()] == list(network.parameters())


@pytest.mark.parametrize("size", [(64, 64), (64, 96), (96, 64), (192, 640), (160, 32)])
def test_untrained_it_says_hardly_any_motion(network: PoseNet, size: tuple[int, int]) -> None:
    pose = network(*frames(*size))
    assert pose.shape == (2, 2, 4, 4)
    assert pose.dtype == torch.float32
    difference = (pose - torch.eye(4)).abs()
    assert 0 < difference.max() < 0.1
    torch.testing.assert_close(pose @ inverse(pose), torch.eye(4).expand(2, 2, 4, 4))


@pytest.mark.parametrize("images", ["noise", "black"])
def test_every_parameter_gets_a_finite_gradient(images: str) -> None:
    network = PoseNet()
    target, context = frames(64, 64)
    if images == "black":
        target, context = torch.zeros_like(target), torch.zeros_like(context)
    network(target, context)[..., :3, :].square().sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()


def test_under_autocast_the_pose_has_full_precision(network: PoseNet) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        pose = network(*frames(64, 64))
    assert pose.dtype == torch.float32
    torch.testing.assert_close(pose[..., :3, :3] @ pose[..., :3, :3].mT, torch.eye(3).expand(2, 2, 3, 3))


def test_the_six_numbers_are_translation_then_angles_of_each_frame(network: PoseNet) -> None:
    numbers = torch.arange(1.0, 13.0)
    constant = PoseNet()
    constant.load_state_dict(network.state_dict())
    torch.nn.init.zeros_(constant.head.weight)
    constant.head.bias.data.copy_(numbers)
    pose = constant(*frames(64, 64, batch=1))[0]
    torch.testing.assert_close(pose[:, :3, 3], torch.tensor([[0.01, 0.02, 0.03], [0.07, 0.08, 0.09]]))
    turns = rotation_from_euler(torch.tensor([[0.04, 0.05, 0.06], [0.10, 0.11, 0.12]]))
    torch.testing.assert_close(pose[:, :3, :3], turns)


@pytest.mark.parametrize("shape", [(2, 1, 3, 64, 64), (1, 2, 3, 64, 64), (2, 2, 3, 64, 96), (2, 6, 64, 64)])
def test_a_wrong_context_is_named(network: PoseNet, shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError) as error:
        network(frames(64, 64)[0], torch.zeros(shape))
    assert str(error.value) == f"context: expected shape (2, 2, 3, 64, 64), got {shape}"


def test_a_wrong_target_is_named(network: PoseNet) -> None:
    with pytest.raises(InputError, match="multiples of 32"):
        network(torch.zeros(2, 3, 64, 65), torch.zeros(2, 2, 3, 64, 65))


@given(st.tuples(angles, angles, angles))
def test_euler_angles_are_turns_about_z_then_y_then_x(turns: tuple[float, float, float]) -> None:
    about = torch.diag(torch.tensor(turns, dtype=torch.float64))
    x, y, z = rotation_from_vector(about)
    torch.testing.assert_close(rotation_from_euler(about.sum(0)), x @ y @ z)


def test_gradcheck_of_the_pose() -> None:
    def pose(numbers: Tensor) -> Tensor:
        return rigid(rotation_from_euler(numbers[..., 3:]), numbers[..., :3])

    numbers = torch.tensor([[0.3, -0.2, 0.1, 0.5, -1.0, 2.0], [0.0] * 6], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pose, numbers)
