"""View synthesis: values by hand, what is visible, and gradients that stay finite."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from packdepth.geometry.backward_warp import synthesize_view
from packdepth.geometry.cameras import project, unproject
from packdepth.geometry.rigid import rigid, rotation_from_vector, transform

HEIGHT, WIDTH = 5, 8
CAMERA = torch.tensor([[10.0, 0.0, 3.5], [0.0, 10.0, 2.0], [0.0, 0.0, 1.0]], dtype=torch.float64)[None]


def noise(seed: int = 0, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)


def flat(inverse_depth: float) -> Tensor:
    return torch.full((1, 1, HEIGHT, WIDTH), inverse_depth, dtype=torch.float64)


def moved(*translation: float, turned: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Tensor:
    vectors = torch.tensor([turned, translation], dtype=torch.float64)
    return rigid(rotation_from_vector(vectors[:1]), vectors[1:])


def test_a_plane_moved_sideways_by_one_pixel() -> None:
    """Focal length 10 px, 0.5 per metre, 0.2 m: one pixel to the right."""
    context = noise()
    view, visible = synthesize_view(context, flat(0.5), CAMERA, moved(0.2, 0.0, 0.0))
    torch.testing.assert_close(view[..., :-1], context[..., 1:])
    assert visible[..., :-1].all()
    assert not visible[..., -1].any()
    torch.testing.assert_close(view[..., -1], context[..., -1])  # the edge's colour


def test_half_a_pixel_is_the_mean_of_two() -> None:
    context = noise()
    view, visible = synthesize_view(context, flat(0.5), CAMERA, moved(0.0, -0.0999999999, 0.0))
    torch.testing.assert_close(view[:, :, 1:], (context[:, :, 1:] + context[:, :, :-1]) / 2)
    assert visible.all()  # row 0 is looked up just inside the image's edge, at -0.5


def test_a_step_ahead_by_hand() -> None:
    """At half the distance all is twice as far from the centre: columns 2 to 5 are seen at 0.5, 2.5, 4.5 and 6.5."""
    context = noise()
    view, visible = synthesize_view(context, flat(1.0), CAMERA, moved(0.0, 0.0, -0.5))
    torch.testing.assert_close(view[:, :, 1:4, 2:6], context[:, :, ::2].unflatten(-1, (4, 2)).mean(-1))
    assert visible[:, :, 1:4, 2:6].all()
    assert visible.sum() == 12


@pytest.mark.parametrize("translation", [(0.0, 0.0, 0.0), (3.0, -2.0, 5.0)])
def test_infinitely_far_points_do_not_move_with_the_camera(translation: tuple[float, float, float]) -> None:
    context = noise()
    view, visible = synthesize_view(context, flat(0.0), CAMERA, moved(*translation))
    torch.testing.assert_close(view, context)
    assert visible.all()


def test_infinitely_far_points_turn_with_the_camera() -> None:
    view, _ = synthesize_view(noise(), flat(0.0), CAMERA, moved(1.0, 1.0, 1.0, turned=(0.0, 0.1, 0.0)))
    expected, _ = synthesize_view(noise(), flat(0.7), CAMERA, moved(0.0, 0.0, 0.0, turned=(0.0, 0.1, 0.0)))
    torch.testing.assert_close(view, expected)


def test_beyond_infinity_goes_on_smoothly() -> None:
    view, visible = synthesize_view(noise(), flat(-0.5), CAMERA, moved(-0.2, 0.0, 0.0))
    torch.testing.assert_close(view[..., :-1], noise()[..., 1:])
    assert visible[..., :-1].all()


@pytest.mark.parametrize("back", [-1.0, -1.0 + 1e-9, -5.0, -math.inf])
def test_behind_the_camera_is_invisible_with_finite_gradients(back: float) -> None:
    inverse_depth, pose = flat(1.0).requires_grad_(), moved(0.3, 0.0, max(back, -1e30)).requires_grad_()
    view, visible = synthesize_view(noise(), inverse_depth, CAMERA, pose)
    assert not visible.any()
    for gradient in torch.autograd.grad(view.sum(), (inverse_depth, pose)):
        assert torch.equal(gradient, torch.zeros_like(gradient))


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), nearness=st.floats(1e-3, 1e3), speed=st.floats(1e-3, 1e3))
def test_gradients_are_finite_wherever_the_points_are(seed: int, nearness: float, speed: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    inverse_depth = (nearness * torch.randn(1, 1, HEIGHT, WIDTH, generator=generator)).requires_grad_()
    vectors = torch.randn(2, 1, 3, generator=generator)
    pose = rigid(rotation_from_vector(3 * vectors[0]), speed * vectors[1]).requires_grad_()
    view, _ = synthesize_view(noise(seed).float(), inverse_depth, CAMERA.float(), pose)
    assert view.isfinite().all()
    for gradient in torch.autograd.grad(view.square().sum(), (inverse_depth, pose)):
        assert gradient.isfinite().all()


@given(seed=st.integers(0, 1000), depth=st.floats(0.1, 100.0))
def test_without_motion_the_view_is_the_context(seed: int, depth: float) -> None:
    context = noise(seed).float()
    view, visible = synthesize_view(context, flat(1 / depth).float(), CAMERA.float(), torch.eye(4)[None])
    torch.testing.assert_close(view, context, atol=1e-5, rtol=0)
    assert visible.all()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 1000))
def test_pixels_are_where_unprojecting_and_projecting_puts_them(seed: int) -> None:
    """The context holds its own pixel coordinates, so that the view tells where it was sampled."""
    generator = torch.Generator().manual_seed(seed)
    depth = 1 + torch.rand(1, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    vectors = 0.1 * torch.randn(2, 1, 3, generator=generator, dtype=torch.float64)
    pose = rigid(rotation_from_vector(vectors[0]), vectors[1])
    points = transform(pose, unproject(depth, CAMERA).flatten(1, 2)).unflatten(1, (HEIGHT, WIDTH))
    expected = project(points, CAMERA)[0].movedim(-1, 1)
    rows, columns = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    view, visible = synthesize_view(torch.stack([columns, rows])[None].double(), 1 / depth[:, None], CAMERA, pose)
    last = torch.tensor([WIDTH - 1.0, HEIGHT - 1.0], dtype=torch.float64).view(1, 2, 1, 1)
    torch.testing.assert_close(view, torch.minimum(expected.clamp_min(0), last))
    inside = ((expected >= -0.5) & (expected < last + 0.5)).all(1, keepdim=True)
    assert torch.equal(visible, inside)


def test_every_batch_entry_has_its_own_camera_and_motion() -> None:
    cameras = torch.cat([CAMERA, CAMERA * torch.tensor([[2.0], [2.0], [1.0]])])
    poses, depths = torch.cat([moved(0.2, 0.0, 0.1), moved(0.0, 0.1, 0.0)]), torch.cat([flat(0.5), flat(0.3)])
    together, visible = synthesize_view(noise(batch=2), depths, cameras, poses)
    for i in range(2):
        one = slice(i, i + 1)
        alone, seen = synthesize_view(noise(batch=2)[one], depths[one], cameras[one], poses[one])
        assert torch.equal(together[one], alone)
        assert torch.equal(visible[one], seen)


def test_not_a_number_shows() -> None:
    inverse_depth = flat(0.5)
    inverse_depth[..., 2, 3] = torch.nan
    view, visible = synthesize_view(noise(), inverse_depth, CAMERA, moved(0.1, 0.0, 0.0))
    assert view[..., 2, 3].isnan().all()
    assert visible[..., 2, 3].all()
    assert view.isnan().sum() == 3


def test_gradcheck() -> None:
    inverse_depth = flat(0.5) + torch.linspace(-0.1, 0.1, HEIGHT * WIDTH, dtype=torch.float64).view(1, 1, HEIGHT, WIDTH)
    vectors = torch.tensor([[[0.01, -0.02, 0.03]], [[0.043, 0.037, 0.05]]], dtype=torch.float64)

    def view(inverse_depth: Tensor, rotation: Tensor, translation: Tensor) -> Tensor:
        pose = rigid(rotation_from_vector(rotation), translation)
        return synthesize_view(noise(), inverse_depth, CAMERA, pose)[0]

    inputs = [x.requires_grad_() for x in (inverse_depth, *vectors.unbind(0))]
    assert torch.autograd.gradcheck(view, inputs)
