import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.geometry.forward_warp import forward_warp
from packdepth.geometry.rigid import inverse, rigid, rotation_from_vector

SIZE = (24, 32)
FOCAL = 40.0
CAMERA = torch.tensor([[[FOCAL, 0, 15.5], [0, FOCAL, 11.5], [0, 0, 1]]])


def _motion(turn=(0.0, 0.0, 0.0), shift=(0.0, 0.0, 0.0)):
    """context_from_target (1, 4, 4)."""
    return rigid(rotation_from_vector(torch.tensor([turn])), torch.tensor([shift]))


def _noise(size=SIZE, seed=0):
    """Whole numbers from 0 to 255, (1, 3, H, W)."""
    return torch.randint(0, 256, (1, 3, *size), generator=torch.Generator().manual_seed(seed)).float()


def _wall(depth, size=SIZE):
    return torch.full((1, *size), depth)


def _grid(size=SIZE):
    """u and v, each (H, W), float64."""
    v, u = torch.meshgrid(torch.arange(size[0]).double(), torch.arange(size[1]).double(), indexing="ij")
    return u, v


def _slant(right, down, size=SIZE):
    """Depth (1, H, W) of the plane whose inverse depth is 0.5 in the middle and changes by so much per pixel."""
    u, v = _grid(size)
    return (1 / (0.5 + right * (u - 15.5) + down * (v - 11.5))).float()[None]


def _bowl(size=SIZE):
    """A smooth curved scene, 1.5 to 2.5 m away."""
    u, v = _grid(size)
    return (2 + 0.5 * torch.sin(u / 9) * torch.cos(v / 7)).float()[None]


def _smooth(u, v):
    """A picture without steps: (1, 3, H, W) at pixels u, v."""
    return torch.stack([100 + 2 * u + v, 200 - 3 * u, 50 + 4 * v])[None]


@pytest.mark.parametrize("depth", [_wall(2.0), _slant(0.01, -0.008), _bowl()])
def test_the_identity_gives_the_frame_back(depth):
    rgb = _noise()
    warped = forward_warp(rgb, depth, CAMERA, _motion())
    assert torch.equal(warped.rgb.round(), rgb)
    assert warped.seen.all()
    torch.testing.assert_close(warped.depth, depth)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), height=st.integers(2, 9), width=st.integers(2, 9))
def test_the_identity_gives_any_known_depth_back(seed, height, width):
    """Depths that have nothing to do with one another, between 0.1 and 80 m."""
    size, generator = (height, width), torch.Generator().manual_seed(seed)
    depth = 0.1 * 800 ** torch.rand(1, *size, generator=generator)
    depth[torch.rand(1, *size, generator=generator) < 0.3] = 0
    rgb = _noise(size, seed)
    warped = forward_warp(rgb, depth, CAMERA, _motion())
    assert torch.equal(warped.seen, depth > 0)
    torch.testing.assert_close(warped.depth, depth)
    assert torch.equal((warped.rgb.round() * warped.seen), rgb * (depth > 0))


@pytest.mark.parametrize(("shift", "columns", "rows"), [((0.05, 0.0, 0.0), 1, 0), ((-0.1, 0.15, 0.0), -2, 3)])
def test_a_wall_moved_by_whole_pixels(shift, columns, rows):
    """Two metres away and with a focal length of 40 px, 0.05 m is one pixel."""
    rgb = _noise()
    warped = forward_warp(rgb, _wall(2.0), CAMERA, _motion(shift=shift))
    u, v = (values.long() for values in _grid())
    inside = (u >= columns) & (u < 32 + columns) & (v >= rows)
    assert torch.equal(warped.seen[0], inside)
    moved = rgb.roll((rows, columns), (2, 3))
    torch.testing.assert_close(warped.rgb[..., inside], moved[..., inside], atol=0.05, rtol=0)
    torch.testing.assert_close(warped.depth[0], 2.0 * inside)


def test_a_wall_moved_by_half_a_pixel_is_the_mean_of_two():
    rgb = _noise()
    warped = forward_warp(rgb, _wall(2.0), CAMERA, _motion(shift=(0.025, 0.0, 0.0)))
    assert warped.seen.all()  # at column 0 half a pixel of the first is seen, and that is its centre
    mean = (rgb[..., :-1] + rgb[..., 1:]) / 2
    torch.testing.assert_close(warped.rgb[..., 1:], mean, atol=0.05, rtol=0)
    torch.testing.assert_close(warped.rgb[..., 0], rgb[..., 0])


@pytest.mark.parametrize("slope", [(0.012, 0.0), (-0.01, 0.006), (0.004, -0.015)])
@pytest.mark.parametrize(
    ("turn", "shift"),
    [
        ((0.0, 0.0, 0.0), (0.3, -0.2, 0.0)),
        ((0.03, -0.05, 0.1), (0.1, 0.05, -0.2)),
        ((0.0, 0.02, -0.08), (-0.2, 0.0, 0.5)),
    ],
)
def test_a_slanted_plane_follows_its_homography(slope, turn, shift):
    """H = K (R + t n^T / d) K^-1 for the plane n^T X = d, and K^-T (slopes, rest) is n / d."""
    motion = _motion(turn, shift)
    camera = CAMERA[0].double()
    affine = torch.tensor([*slope, 0.5 - slope[0] * 15.5 - slope[1] * 11.5]).double()
    rotation, translation = motion[0, :3, :3].double(), motion[0, :3, 3:].double()
    homography = camera @ (rotation @ camera.inverse() + translation @ affine[None])
    context = torch.stack([*_grid(), torch.ones(SIZE).double()])
    source = torch.einsum("ij,jhw->ihw", homography.inverse(), context)
    u, v = source[0] / source[2], source[1] / source[2]
    inside = (u > -0.48) & (u < 31.48) & (v > -0.48) & (v < 23.48)  # the image ends at half a pixel
    assert inside.float().mean() > 0.3
    warped = forward_warp(_smooth(*_grid()).float(), _slant(*slope), CAMERA, motion)
    assert warped.seen[0][inside].all(), "cracks"
    assert not warped.seen[0][(u < -0.6) | (u > 31.6) | (v < -0.6) | (v > 23.6)].any()
    within = (u > 0) & (u < 31) & (v > 0) & (v < 23)
    expected = _smooth(u, v).float()
    torch.testing.assert_close(warped.rgb[..., within], expected[..., within], atol=0.02, rtol=0)
    scale = 1 / (homography.inverse() @ context.flatten(1)).view(3, *SIZE)[2]  # of context depth over target depth
    depth = scale / (affine[0] * u + affine[1] * v + affine[2])
    torch.testing.assert_close(warped.depth[0][within], depth.float()[within], atol=1e-4, rtol=1e-4)


BOX = (slice(8, 16), slice(10, 20))  # 1 m away, before a wall at 2 m
RED, BLUE = torch.tensor([255.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 255.0])


def _box():
    depth, rgb = _wall(2.0), BLUE[:, None, None].expand(3, *SIZE).clone()
    depth[0][BOX] = 1.0
    rgb[:, *BOX] = RED[:, None, None]
    return rgb[None], depth


def test_a_box_before_a_wall_by_hand():
    """The box moves by four pixels, the wall by two: two columns are uncovered behind it, two covered before it."""
    warped = forward_warp(*_box(), CAMERA, _motion(shift=(0.1, 0.0, 0.0)))
    box, hole = torch.zeros(2, *SIZE, dtype=torch.bool)
    box[8:16, 14:24] = True
    hole[8:16, 12:14] = True
    hole[:, :2] = True
    assert torch.equal(warped.seen[0], ~hole)
    assert torch.equal(warped.depth[0], torch.where(hole, 0, torch.where(box, 1.0, 2.0)))
    assert torch.equal(warped.rgb[0][:, box], RED[:, None].expand(3, 80))
    assert torch.equal(warped.rgb[0][:, ~box & ~hole], BLUE[:, None].expand(3, int((~box & ~hole).sum())))
    assert (warped.rgb[0, 2][hole] > 200).all(), "what the box uncovers is filled from the wall"


@pytest.mark.parametrize(
    ("turn", "shift"),
    [
        ((0.0, 0.0, 0.0), (0.033, 0.021, 0.0)),
        ((0.02, 0.01, 0.3), (0.1, -0.1, 0.3)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, -0.3)),
    ],
)
def test_no_colours_mix_across_an_edge(turn, shift):
    warped = forward_warp(*_box(), CAMERA, _motion(turn, shift))
    colours = warped.rgb[0][:, warped.seen[0]].T
    is_red, is_blue = ((colours - colour).abs().amax(1) < 0.01 for colour in (RED, BLUE))
    assert (is_red | is_blue).all()
    assert is_red.sum() > 40


def test_the_foreground_is_not_dilated():
    """The box moves by 4.2 px, from columns 9.5 .. 19.5 to 13.7 .. 23.7: ten columns wide, as it was."""
    warped = forward_warp(*_box(), CAMERA, _motion(shift=(0.105, 0.0, 0.0)))
    near = warped.depth[0] == 1
    assert near[8:16, 14:24].all()
    assert near.sum() == 80


@pytest.mark.parametrize(("near", "far", "shift", "meeting"), [(10, 12, 0.1, 14), (16, 13, -0.15, 10)])
def test_near_hides_far_whatever_their_order(near, far, shift, meeting):
    """Two posts, 1 m and 2 m away, that come to lie on one column; nothing else is known."""
    depth = torch.zeros(1, *SIZE)
    depth[..., near], depth[..., far] = 1.0, 2.0
    warped = forward_warp(_noise(), depth, CAMERA, _motion(shift=(shift, 0.0, 0.0)))
    expected = torch.zeros(1, *SIZE)
    expected[..., meeting] = 1.0
    assert torch.equal(warped.depth, expected)


@pytest.mark.parametrize("factor", [1.1, 1.25, 1.5])
@pytest.mark.parametrize("depth", [_wall(2.0), _slant(0.008, 0.008), _bowl()])
def test_zooming_in_leaves_no_cracks(depth, factor):
    closest = float(depth.amin())
    step = closest * (1 - 1 / factor)
    warped = forward_warp(_noise(), depth, CAMERA, _motion(shift=(0.0, 0.0, -step)))
    assert warped.seen[0, 2:-2, 2:-2].all()


def test_what_is_behind_the_context_camera_is_not_drawn():
    """The left half is at 1 m, the right at 4 m, and the camera steps 2 m ahead."""
    depth = _wall(4.0)
    depth[..., :16] = 1.0
    rgb = torch.where(depth[:, None] == 1, RED[:, None, None], BLUE[:, None, None])
    warped = forward_warp(rgb, depth, CAMERA, _motion(shift=(0.0, 0.0, -2.0)))
    assert (warped.depth[warped.seen] == 2).all()
    assert (warped.rgb[0][:, warped.seen[0]].T == BLUE).all()
    assert not warped.seen[..., :15].any()


def test_nothing_in_sight():
    warped = forward_warp(_noise(), _wall(1.0), CAMERA, _motion(shift=(0.0, 0.0, -2.0)))
    assert not warped.seen.any()
    assert not warped.depth.any()
    assert warped.rgb.isfinite().all()


def test_unknown_depth_is_drawn_but_never_seen():
    """A square of a wall has no depth: it moves with the wall."""
    rgb, depth = _noise(), _wall(2.0)
    depth[0, 6:12, 8:14] = 0
    warped = forward_warp(rgb, depth, CAMERA, _motion(shift=(0.1, 0.05, 0.0)))
    expected = torch.ones(SIZE, dtype=torch.bool)
    expected[:, :2] = expected[:1] = False
    expected[7:13, 10:16] = False
    assert torch.equal(warped.seen[0], expected)
    torch.testing.assert_close(warped.rgb[..., 7:13, 10:16], rgb[..., 6:12, 8:14], atol=0.1, rtol=0)


def test_unknown_depth_never_hides_a_known_surface():
    """Beside a near box, guessed to be nearer than the wall that it comes to lie on."""
    depth = _wall(4.0)
    depth[..., 16:24], depth[..., 12:16] = 0.5, 0.0
    warped = forward_warp(_noise(), depth, CAMERA, _motion(shift=(-0.3, 0.0, 0.0)))  # the box by 24 px, the wall by 3
    assert (warped.depth[..., :9] == 4).all()
    assert not warped.seen[..., 9:21].any()


def test_pixels_among_unknown_ones_face_the_camera():
    """Their gradient is not that of guesses: moved sideways, each keeps its depth all over."""
    depth = torch.zeros(1, *SIZE)
    depth[:, ::3, ::3] = 1 + 3 * torch.rand(1, 8, 11, generator=torch.Generator().manual_seed(0))
    warped = forward_warp(_noise(), depth, CAMERA, _motion(shift=(0.033, 0.021, 0.0)))
    off = (warped.depth[warped.seen][:, None] - depth[depth > 0]).abs().amin(1)
    assert len(off) > 50
    assert off.max() < 1e-5


def test_no_known_depth_at_all():
    warped = forward_warp(_noise(), _wall(0.0), CAMERA, _motion(shift=(0.1, 0.0, 0.0)))
    assert not warped.seen.any()
    assert warped.rgb.isfinite().all()


@settings(deadline=None, max_examples=25)
@given(
    turn=st.tuples(*[st.floats(-0.03, 0.03)] * 3),
    shift=st.tuples(*[st.floats(-0.1, 0.1)] * 3),
    slope=st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01)),
)
def test_there_and_back_again(turn, shift, slope):
    """A plane and a smooth picture come back as they were, wherever they were seen both times."""
    rgb, depth, motion = _smooth(*_grid()).float(), _slant(*slope), _motion(turn, shift)
    there = forward_warp(rgb, depth, CAMERA, motion)
    back = forward_warp(there.rgb, there.depth, CAMERA, inverse(motion))
    inner = torch.zeros_like(back.seen)
    inner[:, 2:-2, 2:-2] = True
    both = back.seen & inner
    assert both.float().mean() > 0.5
    torch.testing.assert_close(back.depth[both], depth[both], atol=1e-3, rtol=1e-3)
    error = (back.rgb - rgb).abs().amax(1)[both]
    assert error.quantile(0.8) < 0.1
    assert error.max() < 6  # at either image's border half a pixel has the colour of the outermost


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000))
def test_a_frame_does_not_depend_on_its_batch(seed):
    generator = torch.Generator().manual_seed(seed)
    depth = 1 + 3 * torch.rand(4, *SIZE, generator=generator)
    depth[torch.rand(4, *SIZE, generator=generator) < 0.1] = 0
    rgb, camera = _noise(seed=seed).expand(4, -1, -1, -1), CAMERA.expand(4, 3, 3)
    turn, shift = 0.05 * torch.randn(2, 4, 3, generator=generator)
    motion = rigid(rotation_from_vector(turn), shift)
    batch = forward_warp(rgb, depth, camera, motion)
    again = forward_warp(rgb, depth, camera, motion)
    alone = forward_warp(rgb[2:3], depth[2:3], camera[2:3], motion[2:3])
    for name in ("rgb", "seen", "depth"):
        assert torch.equal(getattr(batch, name), getattr(again, name))
        assert torch.equal(getattr(batch, name)[2:3], getattr(alone, name))


def test_a_batch_keeps_its_shapes():
    warped = forward_warp(
        _noise().expand(3, -1, -1, -1), _wall(2.0).expand(3, -1, -1), CAMERA.expand(3, 3, 3), _motion().expand(3, 4, 4)
    )
    assert (warped.rgb.shape, warped.seen.shape, warped.depth.shape) == ((3, 3, *SIZE), (3, *SIZE), (3, *SIZE))


@pytest.mark.parametrize(
    ("rgb", "depth", "words"),
    [
        (_noise((24, 30)), _wall(1.0), r"got \(1, 3, 24, 30\), \(1, 24, 32\)"),
        (_noise().expand(2, -1, -1, -1), _wall(1.0), r"got \(2, 3, 24, 32\)"),
        (_noise((1, 8)), _wall(1.0, (1, 8)), "at least 2x2 pixels, got 1x8"),
    ],
)
def test_bad_input_is_named(rgb, depth, words):
    with pytest.raises(ValueError, match=words):
        forward_warp(rgb, depth, CAMERA, _motion())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_makes_the_same_frames():
    given = (_noise(), _bowl(), CAMERA, _motion((0.02, -0.03, 0.1), (0.1, 0.05, -0.2)))
    here, there = forward_warp(*given), forward_warp(*(tensor.cuda() for tensor in given))
    assert (here.seen != there.seen.cpu()).float().mean() < 0.005
    both = here.seen & there.seen.cpu()
    assert ((here.rgb - there.rgb.cpu()).abs().amax(1)[both] < 0.1).float().mean() > 0.995
