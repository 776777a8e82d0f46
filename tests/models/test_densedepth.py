import pytest
import torch

from packdepth.errors import InputError
from packdepth.models.densedepth import VERSIONS, DenseDepth, UpsamplingStage


@pytest.fixture(params=VERSIONS)
def network(request: pytest.FixtureRequest) -> DenseDepth:
    torch.manual_seed(0)
    return DenseDepth(width=0.25, version=request.param).eval()


@pytest.mark.parametrize(
    ("version", "width", "count"),
    [
        ("paper", 1.0, 42_657_689),
        ("paper", 0.25, 2_687_705),
        ("handout", 1.0, 26_467_584 + 15_931_411),  # encoder, and the rest
        ("handout", 0.25, 1_697_280 + 995_410),
    ],
)
def test_parameter_counts(version: str, width: float, count: int) -> None:
    with torch.device("meta"):
        network = DenseDepth(width, version)
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize("version", VERSIONS)
def test_a_stereo_network_sees_two_images(version: str) -> None:
    torch.manual_seed(0)
    network = DenseDepth(0.25, version, stereo=True)
    assert network.in_channels == 6
    pair = torch.rand(1, 6, 64, 96)
    assert network(pair).shape == (1, 1, 32, 48)
    with pytest.raises(InputError, match=r"expected shape \(B, 6, H, W\), got \(1, 3, 64, 96\)"):
        network(pair[:, :3])
    with pytest.raises(InputError, match="ImageNet's weights see one image"):
        DenseDepth(1.0, version, pretrained=True, stereo=True)


@pytest.mark.parametrize(
    ("version", "bottom", "inputs", "outputs"),
    [
        ("paper", (1664, 1664), [1664 + 256, 832 + 128, 416 + 64, 208 + 64], [832, 416, 208, 104]),
        ("handout", (1104, 2208), [1104 + 384, 552 + 192, 276 + 96, 138 + 96], [552, 276, 138, 69]),
    ],
)
def test_decoder(version: str, bottom: tuple[int, int], inputs: list[int], outputs: list[int]) -> None:
    with torch.device("meta"):
        network = DenseDepth(version=version)
    assert network.bottom.weight.shape == (*bottom, 1, 1)
    stages = [stage for stage in network.decoder if isinstance(stage, UpsamplingStage)]
    assert [stage.conv1.in_channels for stage in stages] == inputs
    assert [stage.conv2.out_channels for stage in stages] == outputs
    assert network.head.conv.weight.shape == (1, outputs[-1], 3, 3)


@pytest.mark.parametrize(("version", "size"), [("paper", (2, 3)), ("handout", (4, 5))])
def test_the_handouts_bottom_has_a_border_of_its_bias(version: str, size: tuple[int, int]) -> None:
    network = DenseDepth(width=0.25, version=version)
    seen: list[torch.Tensor] = []
    network.bottom.register_forward_hook(lambda _module, _args, out: seen.append(out))
    assert network(torch.rand(2, 3, 64, 96)).shape == (2, 1, 32, 48)
    assert seen[0].shape[2:] == size
    if version == "handout":
        border = torch.cat([seen[0][..., 0], seen[0][..., -1], seen[0][:, :, 0], seen[0][:, :, -1]], dim=2)
        assert network.bottom.bias is not None
        assert torch.equal(border, network.bottom.bias[:, None].expand_as(border))


def test_groups_of_channels_may_normalise_in_place_of_batches() -> None:
    network = DenseDepth(width=0.25, norm="group")
    assert not [part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)]
    norms = [part for part in network.modules() if isinstance(part, torch.nn.GroupNorm)]
    assert len(norms) == len([p for p in DenseDepth(width=0.25).modules() if isinstance(p, torch.nn.BatchNorm2d)])
    assert {norm.num_groups for norm in norms} == {4}
    image = torch.rand(2, 3, 32, 64)
    torch.testing.assert_close(network(image)[:1], network(image[:1]), atol=1e-5, rtol=1e-5)


def test_upsampling_stage_by_hand() -> None:
    """Corners aligned, so that 0, 3 becomes 0, 1, 2, 3; both leaky ReLUs take part: -1 -> -0.2 -> -0.04."""
    stage = UpsamplingStage(1, 1, 1)
    with torch.no_grad():
        for conv in (stage.conv1, stage.conv2):
            conv.weight.zero_()
            assert conv.bias is not None
            conv.bias.zero_()
        stage.conv1.weight[0, :, 1, 1] = torch.tensor([1.0, -1.0])  # upsampled minus skip
        stage.conv2.weight[0, 0, 1, 1] = 1.0
    x = torch.tensor([[0.0, 3.0], [0.0, 3.0]]).reshape(1, 1, 2, 2)
    skip = torch.tensor([1.0, 1.0, 0.0, 5.0]).expand(1, 1, 4, 4)
    expected = torch.tensor([-0.04, 0.0, 2.0, -0.08]).expand(1, 1, 4, 4)
    torch.testing.assert_close(stage(x, skip), expected)


def test_the_output_has_no_activation(network: DenseDepth) -> None:
    image = torch.rand(1, 3, 32, 64)
    before = network(image)
    with torch.no_grad():
        assert network.head.conv.bias is not None
        network.head.conv.bias -= 100
    torch.testing.assert_close(network(image), before - 100, atol=1e-4, rtol=0)


def test_another_head_is_its_function_of_the_same_map() -> None:
    torch.manual_seed(0)
    linear = DenseDepth(width=0.125)
    scaled = DenseDepth(width=0.125, head="scaled-sigmoid")
    scaled.load_state_dict(linear.state_dict())
    image = torch.rand(1, 3, 32, 64)
    torch.testing.assert_close(scaled.eval()(image), 1 + 99 * torch.sigmoid(linear.eval()(image) - 3))


@pytest.mark.parametrize("tap", range(4))
def test_every_skip_matters(network: DenseDepth, tap: int) -> None:
    image = torch.rand(1, 3, 32, 64)
    before = network(image)
    network.encoder.register_forward_hook(
        lambda _module, _args, out: (
            out[0],
            [0 * skip if i == tap else skip for i, skip in enumerate(out[1])],
        )
    )
    assert not torch.allclose(network(image), before)


@pytest.mark.parametrize("version", VERSIONS)
def test_pretrained_the_papers_version_expects_imagenets_mean_and_deviation(version: str) -> None:
    plain, pretrained = (DenseDepth(0.25, version, pretrained=asked).eval() for asked in (False, True))
    pretrained.load_state_dict(plain.state_dict())  # the mean and the deviation are no weights
    image = torch.rand(1, 3, 32, 64)
    mean = torch.tensor([0.485, 0.456, 0.406]).reshape(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).reshape(1, 3, 1, 1)
    normalised = plain((image - mean) / std)
    assert not torch.allclose(normalised, plain(image))
    torch.testing.assert_close(pretrained(image), normalised if version == "paper" else plain(image))


def test_stages_in_order_from_input_to_output(network: DenseDepth) -> None:
    encoder, decoder = [f"encoder{n}" for n in (1, 2, 3, 4)], [f"decoder{n}" for n in (4, 3, 2, 1)]
    assert list(network.stages()) == ["stem", *encoder, "bottom", *decoder, "head"]


def test_decoder_starts_from_xavier_with_zero_biases() -> None:
    network = DenseDepth(width=0.25)
    assert not any(p.any() for name, p in network.named_parameters() if name.endswith("bias"))
    weight = network.bottom.weight
    bound = (6 / (weight.shape[0] + weight.shape[1])) ** 0.5
    assert 0.99 * bound < weight.abs().max().item() <= bound


def test_the_handouts_decoder_starts_as_torch_draws_it() -> None:
    network = DenseDepth(width=0.25, version="handout")
    for conv in (part for part in (*network.decoder.modules(), network.bottom) if isinstance(part, torch.nn.Conv2d)):
        assert conv.bias is not None
        for values in (conv.weight, conv.bias):  # uniform, as torch's documentation of Conv2d says
            bound = conv.weight[0].numel() ** -0.5
            assert 0.8 * bound < values.abs().max().item() <= bound


def test_without_skips_the_decoder_gets_only_the_bottom() -> None:
    network = DenseDepth(width=0.25, version="handout", skips="none").eval()
    image = torch.rand(1, 3, 32, 64)
    before = network(image)
    network.encoder.register_forward_hook(lambda _module, _args, out: (out[0], [torch.rand_like(s) for s in out[1]]))
    assert torch.equal(network(image), before)
    assert before.shape == (1, 1, 16, 32)
