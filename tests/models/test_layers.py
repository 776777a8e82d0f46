"""PackNet's building blocks against loops written from the paper's description."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from packdepth.models.layers import (
    ConvBlock,
    MergeBlock,
    PackingBlock,
    ResidualBlock,
    UnpackingBlock,
    init_xavier,
    residual_stage,
    scaled_width,
)

Array = NDArray[np.float64]


def as_array(tensor: Tensor | None) -> Array:
    assert tensor is not None
    return tensor.detach().numpy().astype(np.float64)


def naive_conv2d(x: Array, conv: nn.Conv2d) -> Array:
    """(C, H, W) -> (D, H, W), zero padding that keeps the size."""
    weight, bias = as_array(conv.weight), as_array(conv.bias)
    k = weight.shape[-1]
    padded = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    out = np.empty((weight.shape[0], *x.shape[1:]))
    for row in range(x.shape[1]):
        for column in range(x.shape[2]):
            window = padded[:, row : row + k, column : column + k]
            out[:, row, column] = (weight * window).sum(axis=(1, 2, 3)) + bias
    return out


def naive_conv3d(x: Array, conv: nn.Conv3d) -> Array:
    """(C, H, W), taken as a volume -> (d * C, H, W): all channels of the first feature, then the next's."""
    weight, bias = as_array(conv.weight)[:, 0], as_array(conv.bias)
    padded = np.pad(x, 1)
    out = []
    for kernel, offset in zip(weight, bias, strict=True):
        for channel in range(x.shape[0]):
            plane = np.empty(x.shape[1:])
            for row in range(x.shape[1]):
                for column in range(x.shape[2]):
                    window = padded[channel : channel + 3, row : row + 3, column : column + 3]
                    plane[row, column] = (kernel * window).sum() + offset
            out.append(plane)
    return np.stack(out)


def naive_norm_elu(x: Array, groups: int = 16) -> Array:
    """GroupNorm as it starts (scale 1, shift 0), then ELU."""
    values = x.reshape(groups, -1)
    centred = values - values.mean(axis=1, keepdims=True)
    normal = (centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)).reshape(x.shape)
    activated: Array = np.where(normal > 0, normal, np.expm1(normal))
    return activated


def randomised(module: nn.Module) -> nn.Module:
    """In double precision, with biases that are not zero."""
    torch.manual_seed(0)
    init_xavier(module)
    for part in module.modules():
        if isinstance(part, (nn.Conv2d, nn.Conv3d)) and part.bias is not None:
            nn.init.normal_(part.bias)
    return module.double()


def test_space_to_depth_makes_four_channels_of_each_patch() -> None:
    """Channel c's patch [[a, b], [c, d]] becomes channels 4c .. 4c+3, in reading order."""
    block = PackingBlock(16, kernel_size=3, features_3d=1)
    seen: list[Tensor] = []
    block.conv2d.norm.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    for values in (*block.conv3d.parameters(), *block.conv2d.conv.parameters()):
        nn.init.zeros_(values)
    block.conv3d.weight.data[0, 0, 1, 1, 1] = 1  # the identity
    for channel in range(8):
        block.conv2d.conv.weight.data[channel, channel, 1, 1] = 1
    image = torch.zeros(1, 16, 2, 4)
    image[0, 0] = torch.tensor([[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]])
    image[0, 1, 0, 1] = 9.0
    block(image)
    assert seen[0][0, :8, 0].tolist() == [[1, 5], [2, 6], [3, 7], [4, 8], [0, 0], [9, 0], [0, 0], [0, 0]]


@pytest.mark.parametrize("kernel_size", [3, 5])
def test_packing_block_against_loops(kernel_size: int) -> None:
    block = randomised(PackingBlock(16, kernel_size, features_3d=2))
    assert isinstance(block, PackingBlock)
    image = torch.rand(1, 16, 4, 6, dtype=torch.float64)
    x = as_array(image)[0]
    packed = np.stack([x[c, i::2, j::2] for c in range(16) for i in range(2) for j in range(2)])
    expected = naive_norm_elu(naive_conv2d(naive_conv3d(packed, block.conv3d), block.conv2d.conv))
    np.testing.assert_allclose(as_array(block(image))[0], expected, atol=1e-12)


def test_unpacking_block_against_loops() -> None:
    block = randomised(UnpackingBlock(16, 8, features_3d=2))
    assert isinstance(block, UnpackingBlock)
    image = torch.rand(1, 16, 2, 3, dtype=torch.float64)
    features = naive_conv3d(naive_norm_elu(naive_conv2d(as_array(image)[0], block.conv2d.conv)), block.conv3d)
    assert features.shape == (32, 2, 3)
    expected = np.empty((8, 4, 6))
    for channel in range(32):
        expected[channel // 4, channel % 4 // 2 :: 2, channel % 2 :: 2] = features[channel]
    np.testing.assert_allclose(as_array(block(image))[0], expected, atol=1e-12)


def test_residual_block_normalises_the_sum_before_the_last_elu() -> None:
    block = randomised(ResidualBlock(3, 16))
    assert isinstance(block, ResidualBlock)
    image = torch.rand(1, 3, 4, 5, dtype=torch.float64)
    x = as_array(image)[0]
    inner = naive_norm_elu(naive_conv2d(naive_norm_elu(naive_conv2d(x, block.conv1.conv)), block.conv2.conv))
    expected = naive_norm_elu(inner + naive_conv2d(x, block.shortcut))
    np.testing.assert_allclose(as_array(block(image))[0], expected, atol=1e-12)


def test_a_residual_block_without_shortcut_normalises_the_residual_alone() -> None:
    block = randomised(ResidualBlock(3, 8, groups=4, shortcut=False))
    assert isinstance(block, ResidualBlock)
    assert not any(name.startswith("shortcut") for name in block.state_dict())
    image = torch.rand(1, 3, 4, 5, dtype=torch.float64)
    inner = naive_norm_elu(naive_conv2d(as_array(image)[0], block.conv1.conv), groups=4)
    inner = naive_norm_elu(naive_conv2d(inner, block.conv2.conv), groups=4)
    np.testing.assert_allclose(as_array(block(image))[0], naive_norm_elu(inner, groups=4), atol=1e-12)


def test_every_block_takes_its_groups() -> None:
    blocks = (ConvBlock(3, 8, 3, 4), MergeBlock(3, 8, 3, 4), PackingBlock(8, 3, 4, 4), UnpackingBlock(3, 8, 4, 4))
    for block in (*blocks, residual_stage(3, 8, blocks=2, groups=4)):
        norms = [part for part in block.modules() if isinstance(part, nn.GroupNorm)]
        assert {(norm.num_groups, norm.num_channels) for norm in norms} == {(4, 8)}
    for block in (ConvBlock(3, 8, 3, None), PackingBlock(8, 3, 4, None), UnpackingBlock(3, 8, 4, None)):
        assert not any(isinstance(part, nn.GroupNorm) for part in block.modules())


@pytest.mark.parametrize("block", [PackingBlock(16, 3, 2), UnpackingBlock(16, 8, 2), ResidualBlock(16, 16)])
def test_gradients(block: nn.Module) -> None:
    block = randomised(block)
    image = torch.rand(1, 16, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(block, image, fast_mode=True)
    parameters = tuple(parameter.detach().requires_grad_() for parameter in block.parameters())
    names = [name for name, _ in block.named_parameters()]

    def of_parameters(*values: Tensor) -> Tensor:
        output: Tensor = torch.func.functional_call(block, dict(zip(names, values, strict=True)), image.detach())
        return output

    assert torch.autograd.gradcheck(of_parameters, parameters, fast_mode=True)


def test_only_the_first_block_of_a_stage_changes_the_channels() -> None:
    stage = residual_stage(16, 32, blocks=3)
    widths = [stage.get_parameter(f"{i}.shortcut.weight").shape[:2] for i in range(3)]
    assert widths == [(32, 16), (32, 32), (32, 32)]
    assert stage(torch.rand(1, 16, 4, 4)).shape == (1, 32, 4, 4)


def test_conv_block_keeps_the_size() -> None:
    for kernel_size in (3, 5, 7):
        assert ConvBlock(3, 16, kernel_size)(torch.rand(1, 3, 8, 10)).shape == (1, 16, 8, 10)


@given(st.integers(1, 2000), st.floats(0.01, 3), st.sampled_from([8, 16, 32]))
def test_scaled_is_the_nearest_multiple_above_zero(channels: int, width: float, multiple: int) -> None:
    result = scaled_width(channels, width, multiple)
    assert result % multiple == 0
    assert result == multiple or abs(result - channels * width) <= multiple / 2


def test_scaled_widths_by_hand() -> None:
    assert [scaled_width(64, w, 16) for w in (1, 0.5, 0.25, 0.1, 0.6, 1.5)] == [64, 32, 16, 16, 32, 96]


def test_xavier_start() -> None:
    block = PackingBlock(16, kernel_size=3, features_3d=4)
    biases = [block.get_parameter("conv2d.conv.bias"), block.get_parameter("conv3d.bias")]
    for bias in biases:
        nn.init.ones_(bias)
    init_xavier(block)
    assert not any(bias.any() for bias in biases)
    bound = (6 / (9 * (256 + 16))) ** 0.5  # Glorot and Bengio 2010: sqrt(6 / (fan in + fan out))
    largest = block.conv2d.conv.weight.abs().max().item()
    assert 0.99 * bound < largest <= bound
