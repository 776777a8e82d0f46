"""GroupNorm and ELU in one pass: Triton's kernels against torch's own, in its interpreter where there is no GPU."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth import models
from packdepth.models.fast import accelerate, twins
from packdepth.models.fast.twins import OnePassGroupNormELU
from packdepth.models.layers import ConvBlock, GroupNormELU, ResidualBlock
from tests.support.convolutions import errors, results

GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda" if GPU else "cpu")
INTERPRETER = "3.7"  # the first of Triton's whose interpreter agrees with today's NumPy
LAYOUTS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}
# Shapes, groups: odd sides; several tiles of pixels; of channels; a channel a group; a single pixel.
SHAPES = [
    ((2, 6, 5, 7), 3),
    ((1, 4, 65, 65), 2),
    ((1, 80, 3, 5), 16),
    ((3, 12, 9, 1), 12),
    ((2, 8, 1, 1), 2),
]
needs_gpu = pytest.mark.skipif(not GPU, reason="needs a GPU")


@pytest.fixture(scope="module")
def one_pass() -> Callable[..., Tensor]:
    pytest.importorskip("triton", minversion=None if GPU else INTERPRETER)
    return importlib.import_module("packdepth.models.fast.group_norm_elu").group_norm_elu


def plain(x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Tensor:
    return F.elu(F.group_norm(x, groups, weight, bias, eps))


def drawn(shape: tuple[int, ...], layout: str = "contiguous", dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """x, weight and bias."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=random).to(DEVICE, dtype).contiguous(memory_format=LAYOUTS[layout])
    return [x, *(start + torch.randn(shape[1], generator=random).to(DEVICE) for start in (1, 0))]


def compared(one_pass: Callable[..., Tensor], values: list[Tensor], groups: int, eps: float = 1e-5) -> list[float]:
    """How far y, dx, dw and db are from those of double precision, as shares of their largest value."""
    fast = results(lambda *given: one_pass(*given, groups, eps), *values)
    return errors(fast, results(lambda *given: plain(*given, groups, eps), *(value.double() for value in values)))


def outcome(network: nn.Module, image: Tensor, bf16: bool) -> list[Tensor]:
    """The output, and the gradient of its squares to all parameters, as one vector."""
    with torch.autocast(DEVICE.type, torch.bfloat16, enabled=bf16):
        output = network(image).float()
    of_weights = torch.autograd.grad(output.square().sum(), list(network.parameters()))
    return [output.detach(), torch.cat([gradient.flatten() for gradient in of_weights])]


def distance(values: list[Tensor], expected: list[Tensor]) -> float:
    """The greater length of a difference, as a share of the expected length."""
    return max(float((a - b).norm() / b.norm()) for a, b in zip(values, expected, strict=True))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "groups"), SHAPES, ids=str)
def test_numbers_and_gradients_are_those_of_double_precision(
    one_pass: Callable[..., Tensor], shape: tuple[int, ...], groups: int, layout: str
):
    assert max(compared(one_pass, drawn(shape, layout), groups)) < 2e-6


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("shape", "groups"), SHAPES[:3], ids=str)
def test_in_bf16_only_what_comes_in_and_goes_out_is_rounded(
    one_pass: Callable[..., Tensor], shape: tuple[int, ...], groups: int, layout: str
):
    x, weight, bias = drawn(shape, layout, torch.bfloat16)
    y, *gradients = results(lambda *given: one_pass(*given, groups, 1e-5), x, weight, bias)
    assert (y.dtype, gradients[0].dtype, gradients[1].dtype) == (torch.bfloat16, torch.bfloat16, torch.float32)
    assert max(compared(one_pass, [x, weight, bias], groups)) < 2**-7
    unrounded = one_pass(x.float(), weight, bias, groups, 1e-5)
    torch.testing.assert_close(y.float(), unrounded, rtol=2**-7, atol=0)  # the interpreter rounds to 0


def test_epsilon_is_added_to_the_biased_variance(one_pass: Callable[..., Tensor]):
    """Of few values, of which a large epsilon says whether it stands inside the root."""
    assert max(compared(one_pass, drawn((2, 4, 1, 2)), 2, eps=0.7)) < 1e-6


def test_a_large_mean_cancels_no_digits_of_the_variance(one_pass: Callable[..., Tensor]):
    x, weight, bias = drawn((1, 4, 65, 65))
    assert compared(one_pass, [x + 1000, weight, bias], 2)[0] < 1e-4


def test_what_is_no_number_stays_none(one_pass: Callable[..., Tensor]):
    """A training looks for losses that are not finite."""
    x, weight, bias = drawn((2, 4, 3, 3))
    x[0, 0, 1, 1] = torch.nan
    y = one_pass(x, weight, bias, 2, 1e-5)
    assert y[0, :2].isnan().all()
    assert y[0, 2:].isfinite().all()
    assert y[1].isfinite().all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_stay_and_gradients_may_have_another(one_pass: Callable[..., Tensor], layout: str):
    x, *parameters = drawn((2, 6, 5, 7), layout)
    x.requires_grad_()
    y = one_pass(x, *parameters, 3, 1e-5)
    assert y.stride() == x.stride()
    (from_expanded,) = torch.autograd.grad(y, x, x.new_ones(()).expand_as(x), retain_graph=True)
    assert from_expanded.stride() == x.stride()
    assert torch.equal(from_expanded, *torch.autograd.grad(y, x, torch.ones_like(x)))


def test_a_part_of_a_tensor_will_do(one_pass: Callable[..., Tensor]):
    x, *parameters = drawn((2, 9, 5, 7))
    part = [x[:, :6], *(parameter[:6] for parameter in parameters)]
    assert max(compared(one_pass, part, 3)) < 2e-6


def test_only_the_input_and_two_numbers_a_group_are_kept(one_pass: Callable[..., Tensor]):
    kept: list[Tensor] = []
    x, weight, bias = (value.requires_grad_() for value in drawn((2, 6, 5, 7)))
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor), lambda _: None):
        one_pass(x, weight, bias, 3, 1e-5)
    assert sorted(tensor.numel() for tensor in kept) == sorted([x.numel(), 6, 6, 2 * 3, 2 * 3])


@pytest.mark.usefixtures("one_pass")
def test_blocks_take_it_where_it_suits(monkeypatch: pytest.MonkeyPatch):
    """In the interpreter, too: after a convolution and after a residual block's sum."""
    torch.manual_seed(0)
    block, x = ResidualBlock(8, 16, groups=4).to(DEVICE), torch.randn(2, 8, 5, 7, device=DEVICE)
    expected = [outcome(block, x, bf16) for bf16 in (False, True)]
    accelerate(block, "gpu")
    monkeypatch.setattr(twins, "runs_in_one_pass", lambda _: True)
    assert block(x).grad_fn.name() == "_GroupNormELUBackward"
    assert distance(outcome(block, x, bf16=False), expected[0]) < 1e-5
    assert distance(outcome(block, x, bf16=True), expected[1]) < 3e-2


@pytest.mark.parametrize("implementation", ["auto", "gpu", "cpu"])
def test_off_a_gpu_the_plain_form_runs_to_the_bit(implementation: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(twins, "TRITON", True)
    torch.manual_seed(0)
    layer, x = GroupNormELU(4, 16), torch.randn(2, 16, 5, 7)
    expected = results(layer, x)
    accelerate(layer, implementation)
    assert isinstance(layer, OnePassGroupNormELU)
    assert all(torch.equal(a, b) for a, b in zip(results(layer, x), expected, strict=True))


@needs_gpu
def test_what_does_not_suit_the_kernels_runs_plain():
    layer, x = GroupNormELU(4, 16).to(DEVICE), torch.randn(2, 16, 5, 7, device=DEVICE)
    accelerate(layer, "auto")
    for odd in (x.half(), x.double(), x[:0]):
        assert not twins.runs_in_one_pass(odd)
        assert torch.equal(layer.to(odd.dtype)(odd), F.elu(F.group_norm(odd, 4, layer.weight, layer.bias)))
    assert twins.runs_in_one_pass(x)
    accelerate(layer.float(), "plain")
    assert torch.equal(layer(x), F.elu(F.group_norm(x, 4, layer.weight, layer.bias)))


@needs_gpu
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("bf16", "tolerance"), [(False, 1e-4), (True, 5e-2)])
def test_on_a_gpu_a_network_says_the_same(bf16: bool, tolerance: float, layout: str):
    torch.manual_seed(0)
    network = models.build("packnet", width=0.5, head="linear").to(DEVICE)
    image = torch.rand(2, 3, 96, 128, device=DEVICE).contiguous(memory_format=LAYOUTS[layout])
    expected = outcome(network, image, bf16)
    accelerate(network, "gpu")
    assert distance(outcome(network, image, bf16), expected) < tolerance


@needs_gpu
def test_a_graph_can_hold_it():
    block, x = ConvBlock(16, 32, 3).to(DEVICE), torch.randn(2, 16, 33, 47, device=DEVICE)
    accelerate(block, "gpu")

    def work() -> list[Tensor]:
        y = block(x)
        return [y, *torch.autograd.grad((y * y).sum(), list(block.parameters()))]

    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        work()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        recorded = work()
    x.copy_(torch.randn_like(x))
    graph.replay()
    for a, b in zip(recorded, work(), strict=True):
        torch.testing.assert_close(a, b)
