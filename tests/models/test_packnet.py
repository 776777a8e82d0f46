from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from packdepth.config.variants import Skips
from packdepth.errors import InputError
from packdepth.models.packnet import DecoderLevel, PackNet

WIDTH = 0.25
ALL_SKIPS = get_args(Skips)
WITHOUT = ("none", "none-and-no-shortcuts")


def small(**options: object) -> PackNet:
    torch.manual_seed(0)
    return PackNet(width=WIDTH, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize(
    ("size", "skips", "full_resolution", "count"),
    [
        ("slim", "sum", True, 71_899_908),
        ("slim", "concat", True, 76_997_796),
        ("slim", "none", True, 71_899_908),
        ("full", "sum", True, 124_164_580),
        ("full", "concat", True, 128_294_020),
        ("slim", "none-and-no-shortcuts", True, 71_899_908 - 852_608),
        ("slim", "sum", False, 71_871_379),
        ("full", "concat", False, 128_200_195),
    ],
)
def test_parameter_counts(size: str, skips: str, full_resolution: bool, count: int) -> None:
    with torch.device("meta"):
        network = PackNet(size=size, skips=skips, full_resolution=full_resolution)
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize(("skips", "count"), [("sum", 4_500_379), ("concat", 4_818_691)])
def test_parameter_counts_at_a_quarter_of_the_width(skips: str, count: int) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in PackNet(0.25, skips=skips).parameters()) == count


@pytest.mark.parametrize("skips", ALL_SKIPS)
def test_scales(skips: str, image: Tensor) -> None:
    half, full = small(skips=skips), small(skips=skips, full_resolution=True)
    assert [tuple(s.shape[2:]) for s in half.forward_scales(image)] == [(32, 48), (16, 24), (8, 12)]
    scales = full.forward_scales(image)
    assert [tuple(s.shape[2:]) for s in scales] == [(64, 96), (32, 48), (16, 24), (8, 12)]
    assert torch.equal(full(image), scales[0])


def test_a_stereo_network_sees_two_images(image: Tensor) -> None:
    network = small(stereo=True)
    assert network.in_channels == 6
    assert network(torch.cat([image, image.flip(3)], dim=1)).shape == (1, 1, 32, 48)
    with pytest.raises(InputError, match=r"expected shape \(B, 6, H, W\), got \(1, 3, 64, 96\)"):
        network(image)
    with pytest.raises(InputError, match=r"expected shape \(B, 3, H, W\), got \(1, 6, 64, 96\)"):
        small()(torch.cat([image, image], dim=1))


def test_the_last_level_changes_nothing_before_it(image: Tensor) -> None:
    full, half = small(full_resolution=True), small()
    missing, unexpected = half.load_state_dict(full.state_dict(), strict=False)
    assert not missing
    assert {key.split(".")[1] for key in unexpected} == {"1"}
    for ours, theirs in zip(half.forward_scales(image), full.forward_scales(image)[1:], strict=True):
        assert torch.equal(ours, theirs)


def test_no_skips_is_the_structure_of_summed_skips(image: Tensor) -> None:
    summed, none = small(), small(skips="none")
    assert not torch.allclose(summed(image), none(image))
    for level in none.decoder.values():
        assert isinstance(level, DecoderLevel)
        level.skips = "sum"
    assert torch.equal(summed(image), none(image))


@pytest.mark.parametrize("skips", ALL_SKIPS)
def test_only_skips_carry_the_image_past_a_dead_bottom(skips: str, image: Tensor) -> None:
    """With the bottom's features multiplied by 0, all that is known of the image comes through the skips."""
    network = small(skips=skips)
    network.encoder["5"].register_forward_hook(lambda _module, _args, out: 0 * out)
    blind = torch.equal(network(image), network(1 - image))
    assert blind == (skips in WITHOUT)


def test_without_shortcuts_the_residual_blocks_are_plain(image: Tensor) -> None:
    """The shortcuts are absent, and so they are 0: the same numbers as with shortcuts whose weights are 0."""
    none, neither = small(skips="none"), small(skips="none-and-no-shortcuts")
    assert set(none.state_dict()) - set(neither.state_dict()) == {
        f"encoder.{level}.features.{block}.shortcut.{part}"
        for level, blocks in {2: 2, 3: 2, 4: 3, 5: 3}.items()
        for block in range(blocks)
        for part in ("weight", "bias")
    }
    none.load_state_dict(neither.state_dict(), strict=False)
    assert not torch.allclose(none(image), neither(image))
    with torch.no_grad():
        for name, parameter in none.named_parameters():
            if "shortcut" in name:
                parameter.zero_()
    assert torch.equal(none(image), neither(image))


def norms(width: float, size: str, skips: str) -> list[nn.GroupNorm]:
    with torch.device("meta"):
        network = PackNet(width, size=size, skips=skips, full_resolution=True)
    return [part for part in network.modules() if isinstance(part, nn.GroupNorm)]


@pytest.mark.parametrize("size", ["slim", "full"])
@pytest.mark.parametrize("skips", ["sum", "concat"])
@pytest.mark.parametrize("width", [0.125, 0.25, 0.375, 0.5, 2.0])
def test_at_every_width_groups_have_the_published_channels(width: float, size: str, skips: str) -> None:
    for norm, full in zip(norms(width, size, skips), norms(1.0, size, skips), strict=True):
        assert full.num_groups == 16
        assert norm.num_groups == 16 * width
        assert norm.num_channels == full.num_channels * width


@pytest.mark.parametrize(("width", "rounded"), [(0.01, 0.125), (0.18, 0.125), (0.2, 0.25), (0.9, 0.875), (1.2, 1.25)])
def test_width_is_rounded_to_eighths(width: float, rounded: float) -> None:
    one, other = (norms(w, "slim", "sum") for w in (width, rounded))
    assert [norm.num_channels for norm in one] == [norm.num_channels for norm in other]


def test_coarser_depth_is_fed_to_the_next_level(image: Tensor) -> None:
    network = small()
    before = network.forward_scales(image)
    with torch.no_grad():
        network.get_parameter("decoder.4.head.conv.bias").add_(1)
    after = network.forward_scales(image)
    assert all(not torch.allclose(a, b) for a, b in zip(before, after, strict=True))


def test_the_head_is_used_at_every_scale(image: Tensor) -> None:
    """The same weights, seen through another head: the coarsest scale differs only by the function."""
    coarsest = {head: small(head=head).forward_scales(image)[-1] for head in ("sigmoid", "inverse-sigmoid")}
    torch.testing.assert_close(coarsest["inverse-sigmoid"], 2 * coarsest["sigmoid"])
    leaky, inverse = (small(head=head).forward_scales(image)[-1] for head in ("leaky-relu", "inverse-leaky-relu"))
    assert leaky.min() < 0
    torch.testing.assert_close(inverse, 2 * leaky)


def test_stages_in_order_from_input_to_output() -> None:
    encoder, decoder = [f"encoder{n}" for n in (1, 2, 3, 4, 5)], [f"decoder{n}" for n in (5, 4, 3, 2)]
    assert list(small().stages()) == ["stem", *encoder, *decoder]
    assert list(small(full_resolution=True).stages()) == ["stem", *encoder, *decoder, "decoder1"]
