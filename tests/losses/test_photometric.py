"""The photometric loss: values by hand, where it is least, auto-masking, masks, gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from packdepth.geometry.cameras import mirror
from packdepth.geometry.rigid import mirror_motion, rigid, rotation_from_vector
from packdepth.losses.photometric import PhotometricLoss, dissimilarity, similarity, smoothness
from tests.support.round_room import CAMERA, SIZE, frames, true_poses

LOSS = PhotometricLoss(ssim=0.85, smoothness=0.001)
Sample = tuple[list[Tensor], Tensor, Tensor, Tensor, Tensor, Tensor]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def sample(seed: int = 0, height: int = 8, width: int = 12) -> Sample:
    """Two scales, images of noise and small motions, in float64."""
    scales = [0.5 + 0.1 * noise(2, 1, height // n, width // n, seed=seed + n) for n in (1, 2)]
    camera = torch.tensor([[10.0, 0.0, 5.2], [0.0, 11.0, 3.9], [0.0, 0.0, 1.0]], dtype=torch.float64).expand(2, 3, 3)
    vectors = 0.1 * noise(2, 2, 2, 3, seed=seed + 3) - 0.05
    mask = torch.ones(2, 2, 1, height, width, dtype=torch.float64)
    poses = rigid(rotation_from_vector(vectors[0]), vectors[1])
    return (
        scales,
        noise(2, 3, height, width, seed=seed),
        noise(2, 2, 3, height, width, seed=seed + 4),
        mask,
        camera,
        poses,
    )


def sliding_plane() -> tuple[Tensor, ...]:
    """A plane at 2 m, and neighbours 0.2 m to its sides: 3 px of disparity at a focal length of 30 px."""
    wide = noise(1, 3, 12, 30)
    image, context = wide[..., 3:-3], torch.stack([wide[..., :-6], wide[..., 6:]], dim=1)
    camera = torch.tensor([[[30.0, 0.0, 11.5], [0.0, 30.0, 5.5], [0.0, 0.0, 1.0]]], dtype=torch.float64)
    sideways = torch.tensor([[[0.2, 0.0, 0.0], [-0.2, 0.0, 0.0]]], dtype=torch.float64)
    poses = rigid(torch.eye(3, dtype=torch.float64).expand(1, 2, 3, 3), sideways)
    return image, context, torch.ones(1, 2, 1, 12, 24, dtype=torch.float64), camera, poses


def test_similarity_of_one_window_by_hand() -> None:
    a = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]])
    b = torch.tensor([[0.2, 0.2, 0.2], [0.5, 0.5, 0.5], [0.8, 0.8, 0.8]])
    # Means 0.5 and 0.5; variances 0.6 / 9 and 0.54 / 9; covariance: rows alone vary in b, 0.54 / 9.
    expected = (2 * 0.54 / 9 + 0.0009) / (0.6 / 9 + 0.54 / 9 + 0.0009)
    assert similarity(a[None, None], b[None, None])[0, 0, 1, 1].item() == pytest.approx(expected, rel=1e-5)


def test_borders_are_reflected_without_repeating_the_edge() -> None:
    """The corner's window is, row by row, [e d e], [b a b], [e d e] of a, b above d, e."""
    a = noise(1, 1, 4, 5)
    b = noise(1, 1, 4, 5, seed=1)
    order = [1, 0, 1]
    corner_a, corner_b = (x[:, :, order][..., order] for x in (a, b))
    torch.testing.assert_close(similarity(a, b)[..., 0, 0], similarity(corner_a, corner_b)[..., 1, 1])


def test_similarity_of_constants_is_the_luminance_term() -> None:
    a, b = (torch.full((1, 3, 4, 4), value, dtype=torch.float64) for value in (0.3, 0.5))
    expected = (2 * 0.15 + 0.0001) / (0.09 + 0.25 + 0.0001)
    torch.testing.assert_close(similarity(a, b), torch.full_like(a, expected))
    torch.testing.assert_close(
        dissimilarity(a, b, 0.85), torch.full_like(a[:, :1], 0.85 * (1 - expected) / 2 + 0.15 * 0.2)
    )


def test_dissimilarity_is_within_0_and_1_and_0_only_of_the_same() -> None:
    a = noise(1, 3, 6, 6)
    assert torch.equal(dissimilarity(a, a, 0.85), torch.zeros(1, 1, 6, 6, dtype=torch.float64))
    checks = (torch.arange(36).view(1, 1, 6, 6) + torch.arange(6)[:, None]) % 2.0
    opposite = dissimilarity(checks, 1 - checks, 0.85)
    assert 0.9 < opposite.min() <= opposite.max() <= 1
    assert dissimilarity(a, a.roll(1, 3), 0.85).min() > 0


def test_at_the_true_depth_a_plane_costs_nothing_and_elsewhere_it_does() -> None:
    """At every pixel one of the neighbours sees it, so that no border is left over."""
    image, context, mask, camera, poses = sliding_plane()
    truth = torch.full((1, 1, 12, 24), 0.5, dtype=torch.float64)

    def at(factor: float) -> float:
        return LOSS([factor * truth], image, context, mask, camera, poses)[0].item()

    assert at(1.0) == pytest.approx(0, abs=1e-9)
    assert min(at(f) for f in (0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 1.03, 1.1, 1.25, 1.4, 1.6, 1.8, 2.0)) > 0.005


def test_in_a_room_the_true_depth_is_a_minimum() -> None:
    image, context, truth = frames()
    losses = []
    for factor in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.4, 1.6, 1.8, 2.0):
        mask = torch.ones(1, 2, 1, *SIZE)
        losses.append(LOSS([factor * truth], image, context, mask, CAMERA, true_poses())[1]["photometric"].item())
    assert losses[6] < 0.002 < 0.03 < min(losses[0], losses[-1])
    assert losses[:7] == sorted(losses[:7], reverse=True)
    assert losses[6:] == sorted(losses[6:])


def test_scales_are_upsampled_and_their_mean_is_taken() -> None:
    scales, *rest = sample()
    both = LOSS(scales, *rest)[1]["photometric"]
    upsampled = torch.nn.functional.interpolate(scales[1], (8, 12), mode="bilinear", align_corners=False)
    apart = [LOSS([scale], *rest)[1]["photometric"] for scale in (scales[0], upsampled)]
    torch.testing.assert_close(both, torch.stack(apart).mean())


def test_the_total_is_the_weighted_sum() -> None:
    total, terms = PhotometricLoss(ssim=0.85, smoothness=0.5)(*sample())
    assert set(terms) == {"photometric", "smoothness"}
    torch.testing.assert_close(total, terms["photometric"] + 0.5 * terms["smoothness"])


def test_the_best_context_frame_counts() -> None:
    """The second frame, of noise, changes nothing where the first one fits."""
    image, context, mask, camera, poses = sliding_plane()
    context[:, 1] = noise(1, 3, 12, 24, seed=5)
    error = LOSS.warped_error(torch.full((1, 1, 12, 24), 0.5).double(), image, context, mask, camera, poses)
    torch.testing.assert_close(error[..., :-4], torch.zeros_like(error[..., :-4]))
    assert error[..., -4:].min() > 0.01


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000))
def test_a_static_pair_gives_no_gradient(seed: int) -> None:
    """Auto-masking: what does not move relative to the camera must not be pushed to infinity."""
    scales, image, _, mask, camera, poses = sample(seed)
    inputs = [*(scale.requires_grad_() for scale in scales), poses.requires_grad_()]
    context = image[:, None].expand(-1, 2, -1, -1, -1)
    photometric = LOSS(scales, image, context, mask, camera, poses)[1]["photometric"]
    assert photometric.item() == 0
    for gradient in torch.autograd.grad(photometric, inputs):
        assert torch.equal(gradient, torch.zeros_like(gradient))


def test_without_texture_there_is_a_tie_and_no_gradient() -> None:
    scales, _, _, mask, camera, poses = sample()
    image = torch.full((2, 3, 8, 12), 0.25, dtype=torch.float64)
    context = torch.full((2, 2, 3, 8, 12), 0.5, dtype=torch.float64)
    photometric = LOSS([scales[0].requires_grad_()], image, context, mask, camera, poses)[1]["photometric"]
    assert photometric.item() > 0.03
    assert not torch.autograd.grad(photometric, scales[0])[0].any()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000))
def test_what_stands_in_unseen_pixels_does_not_matter(seed: int) -> None:
    scales, image, context, mask, camera, poses = sample(seed)
    mask = (noise(*mask.shape, seed=seed + 9) > 0.05).double()
    wild = torch.where(mask > 0, context, 50.0)
    inputs = [*(scale.requires_grad_() for scale in scales), poses.requires_grad_()]
    total, other = (LOSS(scales, image, frames, mask, camera, poses)[0] for frames in (context, wild))
    assert total.item() == other.item()
    for one, two in zip(torch.autograd.grad(total, inputs), torch.autograd.grad(other, inputs), strict=True):
        assert torch.equal(one, two)


def test_a_hole_takes_away_what_is_sampled_or_compared_with_it() -> None:
    """One unseen pixel: unwarped the 3x3 windows with it, half a pixel aside 3x4."""
    image, context, mask, camera, poses = sliding_plane()
    mask[:, :, :, 6, 10] = 0
    assert LOSS.unwarped_error(image, context, mask).isinf().nonzero()[:, 2:].tolist() == [
        [row, column] for row in (5, 6, 7) for column in (9, 10, 11)
    ]
    poses[..., 0, 3] = 0.5 / 30 / 0.5
    error = LOSS.warped_error(torch.full((1, 1, 12, 24), 0.5).double(), image, context, mask, camera, poses)
    holes = error[..., :-2].isinf().nonzero()[:, 2:].tolist()
    assert holes == [[row, column] for row in (5, 6, 7) for column in (8, 9, 10, 11)]


def test_a_pixel_that_nothing_judges_does_not_count() -> None:
    """The target's half that is a hole in both frames may hold anything; the mean is that of the other half."""
    scales, image, context, mask, camera, poses = sample()
    mask[..., 6:] = 0
    poses = torch.eye(4, dtype=torch.float64).expand(2, 2, 4, 4)
    total = LOSS(scales, image, context, mask, camera, poses)[1]["photometric"]
    error = LOSS.unwarped_error(image, context, mask)
    assert error[..., 5:].isinf().all()
    torch.testing.assert_close(total, error[..., :5].mean(), atol=1e-6, rtol=0)


@pytest.mark.parametrize("reason", ["masked", "out of view"])
def test_with_nothing_to_judge_the_loss_is_zero_and_gradients_finite(reason: str) -> None:
    scales, image, context, mask, camera, poses = sample()
    mask = torch.zeros_like(mask)
    if reason == "out of view":
        poses = poses.clone()
        poses[..., 2, 3] = -10
    inputs = [*(scale.requires_grad_() for scale in scales), poses.requires_grad_()]
    photometric = LOSS(scales, image, context, mask, camera, poses)[1]["photometric"]
    assert photometric.item() == 0
    for gradient in torch.autograd.grad(photometric, inputs):
        assert torch.equal(gradient, torch.zeros_like(gradient))


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 8))
def test_going_out_of_view_never_lowers_the_loss(seed: int, rows: int) -> None:
    """Whatever part of the scene is brought so near that no neighbour, moved sideways, sees it."""
    scales, image, context, mask, camera, poses = sample(seed)
    poses[..., :3, 3] = torch.tensor([[0.1, 0.02, 0.0], [-0.1, 0.01, 0.0]])
    away = scales[0].clone()
    away[:, :, :rows] = 1e4
    before, after = (LOSS([s], image, context, mask, camera, poses)[1]["photometric"] for s in (scales[0], away))
    assert after >= before


def test_not_a_number_shows() -> None:
    scales, image, context, mask, camera, poses = sample()
    poses[0, 1, 0, 3] = math.nan
    assert LOSS(scales, image, context, mask, camera, poses)[0].isnan()


def test_smoothness_by_hand() -> None:
    """Mean 1/3, so normalised [0, 3, 0] over two rows: steps of 3 across, the first on an edge of 0.5; none down."""
    scale = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])[None, None]
    image = torch.tensor([[0.0, 0.5, 0.5], [0.0, 0.5, 0.5]]).expand(1, 3, 2, 3)
    assert smoothness([scale], image).item() == pytest.approx((3 * math.exp(-0.5) + 3) / 2)


def test_smoothness_of_coarser_scales_counts_half_and_sees_the_mean_of_the_image() -> None:
    scale, image = noise(1, 1, 4, 6), noise(1, 3, 8, 12)
    fine = torch.full((1, 1, 8, 12), 0.5, dtype=torch.float64)
    small = image.unflatten(3, (6, 2)).unflatten(2, (4, 2)).mean((3, 5))
    torch.testing.assert_close(smoothness([fine, scale], image), smoothness([scale], small) / 4)


@given(factor=st.floats(0.01, 100.0))
def test_smoothness_does_not_depend_on_the_scale_of_depth(factor: float) -> None:
    scale, image = 0.5 + noise(2, 1, 4, 6), noise(2, 3, 4, 6)
    torch.testing.assert_close(smoothness([factor * scale], image), smoothness([scale], image))


def test_smoothness_stays_finite_where_inverse_depth_is_zero() -> None:
    scale = torch.zeros(1, 1, 4, 6, requires_grad=True)
    (gradient,) = torch.autograd.grad(smoothness([scale], noise(1, 3, 4, 6).float()), scale)
    assert gradient.isfinite().all()


@pytest.mark.slow
@pytest.mark.parametrize("masked", [False, True])
def test_gradcheck(masked: bool) -> None:
    """On smooth images, as bilinear sampling has a kink at every pixel of a rough one."""
    scales, image, context, mask, camera, poses = sample()
    ramp = 0.08 * torch.arange(12)
    image, context, poses = image[:1] / 10 + ramp, context[:1] / 10 + ramp + 0.05, poses[:1].requires_grad_()
    mask, camera = mask[:1], camera[:1]
    if masked:
        mask[..., 2:4, 3:5] = 0
    loss = PhotometricLoss(ssim=0.85, smoothness=0.1)
    fine, coarse = (scale[:1].requires_grad_() for scale in scales)

    def total(fine: Tensor, coarse: Tensor, poses: Tensor) -> Tensor:
        return loss([fine, coarse], image, context, mask, camera, poses)[0]

    assert (
        torch.autograd.grad(total(fine, coarse, poses), poses)[0].abs().max() > 0.01
    )  # some pixels are not auto-masked
    assert torch.autograd.gradcheck(total, (fine, coarse, poses))


def plane_beside() -> tuple[Tensor, ...]:
    """A plane at 2 m and one camera 0.2 m to the right, at the same instant: 3 px of disparity."""
    image, context, mask, camera, poses = sliding_plane()
    return image, context[:, 1:], mask[:, 1:], camera, poses[:, 1:]


def test_only_pixels_that_the_second_camera_sees_count_and_cost_nothing_at_the_true_depth() -> None:
    """The first 3 columns leave its image, and the fourth has one of these in its window."""
    error = LOSS.warped_error(torch.full((1, 1, 12, 24), 0.5).double(), *plane_beside())
    assert (error[..., :4] == torch.inf).all()
    torch.testing.assert_close(error[..., 4:], torch.zeros(1, 1, 12, 20, dtype=torch.float64))
    assert LOSS.warped_error(torch.full((1, 1, 12, 24), 0.6).double(), *plane_beside())[..., 5:].min() > 0


def test_a_mirrored_pair_loses_the_other_border() -> None:
    image, context, mask, camera, poses = plane_beside()
    error = LOSS.warped_error(
        torch.full((1, 1, 12, 24), 0.5).double(),
        image.flip(-1),
        context.flip(-1),
        mask,
        mirror(camera, 24),
        mirror_motion(poses),
    )
    assert (error[..., -4:] == torch.inf).all()
    torch.testing.assert_close(error[..., :-4], torch.zeros(1, 1, 12, 20, dtype=torch.float64))


def test_with_a_second_camera_alone_the_loss_is_least_at_the_true_depth() -> None:
    def at(depth: float) -> float:
        scale = torch.full((1, 1, 12, 24), 1 / depth, dtype=torch.float64)
        return LOSS([scale], *plane_beside(), in_time=0)[1]["photometric"].item()

    assert at(2.0) == pytest.approx(0, abs=1e-9)
    assert min(at(depth) for depth in (1.0, 1.25, 1.5, 1.8, 1.95, 2.05, 2.2, 2.5, 3.0, 5.0, 20.0)) > 0.005


def test_the_second_camera_is_no_unwarped_candidate() -> None:
    """At an infinite distance an unmoved second image would explain everything: auto-masking would let it."""
    image, _, mask, camera, poses = plane_beside()
    scale = torch.full((1, 1, 12, 24), 0.5, dtype=torch.float64, requires_grad=True)
    arguments = ([scale], image, image[:, None], mask, camera, poses)
    masked, counted = (LOSS(*arguments, in_time=number)[1]["photometric"] for number in (1, 0))
    assert masked.item() == 0
    assert counted.item() > 0.1
    assert torch.autograd.grad(counted, scale)[0].any()
    assert (LOSS.unwarped_error(image, image[:, :0, None], mask[:, :0]) == torch.inf).all()


def test_unwarped_candidates_are_those_of_time_beside_a_second_camera() -> None:
    scales, image, context, mask, camera, poses = sample()
    three = (torch.cat([part, part[:, :1]], dim=1) for part in (context, mask))
    views, seen = three
    views[:, 2] = image  # as if infinitely far
    found = LOSS(scales, image, views, seen, camera, torch.cat([poses, poses[:, :1]], dim=1), in_time=2)[1]
    assert found["photometric"] > 0
    everything = LOSS(scales, image, views, seen, camera, torch.cat([poses, poses[:, :1]], dim=1))[1]
    assert everything["photometric"] == 0


def test_a_second_camera_that_sees_nothing_leaves_a_mean_of_0() -> None:
    """Everything so near that it leaves the image: no pixel counts, and no gradient leads there."""
    scale = torch.full((1, 1, 12, 24), 10.0, dtype=torch.float64, requires_grad=True)
    photometric = LOSS([scale], *plane_beside(), in_time=0)[1]["photometric"]
    assert photometric.item() == 0
    assert torch.equal(torch.autograd.grad(photometric, scale)[0], torch.zeros_like(scale))
