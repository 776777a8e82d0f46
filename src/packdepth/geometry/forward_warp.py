"""Forward warping: an RGB-D frame as another camera sees it, with correct occlusion.

Every pixel is a small piece of a plane. On a plane inverse depth is affine in pixel coordinates, so a pixel carries
its inverse depth and a gradient. The piece, half a pixel to each side, moves to the other camera by the homography of
its plane. That is exact wherever the scene is piecewise planar, with no cracks on slanted or magnified surfaces and no
pixel drawn too large. Where several pieces cover a pixel the nearest is seen (a z-buffer). Its colour is interpolated
only from neighbours on the same plane, so no two surfaces mix.

`target` is the camera of the given frame, `context` the one whose frame is made.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth.geometry.fill import fill

REACH = 0.55  # px: half a pixel and a little more, so that pieces of a curved or noisy surface leave no gaps
SAME_PLANE = 0.05  # share of its inverse depth by which a pixel may lie off a plane and still give it colour
GUESSED = 2.0**-40  # factor of a guessed inverse depth in the z-buffer: it is behind everything known
INDEX = (1 << 29) - 1  # bits that are 0 in a float64 made from a float32: the z-buffer puts an index there
FARTHEST = 1e3  # m: the depth of the greatest weight in the filling of holes
TINY = 1e-9  # positive values are at least this

Pair = tuple[Tensor, Tensor]  # along u and along v, each (B, N)
Plane = tuple[Tensor, Tensor, Tensor]  # inverse depth at a pixel, 1/m, and its gradients right and down, each (B, N)


@dataclass(frozen=True)
class Warped:
    """Frames as seen by the context cameras."""

    rgb: Tensor  # float32 (B, 3, H, W), in the range of the input
    seen: Tensor  # bool (B, H, W): shows a pixel of known depth; the rest is filled in
    depth: Tensor  # float32 (B, H, W): z in the context camera, metres, 0 where not seen


def forward_warp(rgb: Tensor, depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> Warped:
    """Frames as seen by other cameras of the same intrinsics, looking in about the same direction (under 90 degrees).

    Surfaces magnified up to twice stay whole. Pixels of unknown depth are given a guessed one and drawn where no known
    surface is; holes are filled from the background around them; neither is `seen`. A frame's result does not depend
    on the others in the batch, and the identity motion returns the frame.

    Args:
        rgb: (B, 3, H, W), of any range.
        depth: (B, H, W), z in the target camera, metres, 0 where unknown.
        intrinsics: (B, 3, 3), px.
        context_from_target: (B, 4, 4), metres.

    Raises:
        ValueError: shapes that do not match, or images under 2x2 pixels.
    """
    given = (rgb, depth, intrinsics, context_from_target)
    batch, height, width = depth.shape
    if [tensor.shape for tensor in given] != [(batch, 3, height, width), depth.shape, (batch, 3, 3), (batch, 4, 4)]:
        shapes = ", ".join(str(tuple(tensor.shape)) for tensor in given)
        raise ValueError(f"shapes must be (B,3,H,W), (B,H,W), (B,3,3) and (B,4,4) of the same B, H, W; got {shapes}")
    if min(height, width) < 2:
        raise ValueError(f"images must be at least 2x2 pixels, got {height}x{width}")
    step = 1 if depth.device.type == "cpu" else max(batch, 1)  # a frame at a time stays near a core's cache
    parts = [_warp(*chunk) for chunk in zip(*(tensor.split(step) for tensor in given), strict=True)]
    return Warped(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def _warp(rgb: Tensor, depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    surface, view = _surface(depth.float()), _View.of(intrinsics, context_from_target)
    key = _z_buffer(surface, view)
    image, context_depth, known = _shade(rgb.float(), surface, view, key)
    context_depth = torch.where(key > 0, context_depth, 0)
    # A moving camera uncovers background: far pixels weigh more, by the fourth power of depth.
    image = fill(image, context_depth.clamp_max(FARTHEST).square().square()[:, None])
    return image, known & (key > 0), context_depth * known


@dataclass(frozen=True)
class _Surface:
    """Pixels as pieces of planes; all (B, H, W)."""

    known: Tensor  # bool: depth is known rather than guessed
    inverse_depth: Tensor  # 1/m, at the pixel's centre
    right: Tensor  # 1/m per px: gradient of inverse depth along u
    down: Tensor  # and along v


def _surface(depth: Tensor) -> _Surface:
    known = depth > 0
    inverse_depth = torch.where(known, 1 / depth, 0)
    if not known.all():
        inverse_depth = fill(inverse_depth[:, None], known[:, None].float())[:, 0]
    inverse_depth = inverse_depth.clamp_min_(TINY)
    share = known.float()
    return _Surface(known, inverse_depth, _slope(inverse_depth, share, 2), _slope(inverse_depth, share, 1))


def _slope(values: Tensor, known: Tensor, dim: int) -> Tensor:
    """Gradient per pixel along a dimension, (B, H, W), that crosses no edge: the smaller of both sides' differences.

    Zero where they differ in sign (the minmod limiter: Roe, Annual Review of Fluid Mechanics 1986), and next to
    a border between known (1) and guessed (0) depth.
    """
    steps = values.diff(dim=dim) * (1 - known.diff(dim=dim).abs())
    count = steps.shape[dim]
    steps = torch.cat([steps.narrow(dim, 0, 1), steps, steps.narrow(dim, count - 1, 1)], dim)
    before, after = steps.narrow(dim, 0, count + 1), steps.narrow(dim, 1, count + 1)
    return torch.minimum(before, after).clamp_min_(0) + torch.maximum(before, after).clamp_max_(0)


@dataclass(frozen=True)
class _Footprints:
    """Where pieces appear in the context image, to first order around their centres; all (B, N)."""

    x: Tensor  # px: their centres
    y: Tensor
    reach: Tensor  # px: how far a piece reaches from its centre, in target pixels; negative if it cannot be seen
    u: Pair  # target pixels along u per context pixel right and down
    v: Pair  # and along v


@dataclass(frozen=True)
class _View:
    """A context camera in pixels of the target image.

    A target pixel s of inverse depth r is seen at A (s, 1) + r b in homogeneous context pixels, A = K R K^-1 and
    b = K t. Turned back by A^-1 a context pixel lies at p in the target image, the epipole at e = A^-1 b, and

        s = p + r d,   d = e_z p - (e_x, e_y):

    the position on the epipolar line is linear in inverse depth, and on a plane inverse depth is linear along that
    line.
    """

    turn: Tensor  # A, (B, 3, 3, 1)
    shift: Tensor  # b, (B, 3, 1)
    back: Tensor  # A^-1, (B, 3, 3, 1)
    epipole: Tensor  # e, (B, 3, 1)

    @classmethod
    def of(cls, intrinsics: Tensor, context_from_target: Tensor) -> "_View":
        """From intrinsics (B, 3, 3) and motions (B, 4, 4); in float64, as many values depend on these few."""
        camera, motion = intrinsics.double(), context_from_target.double()
        rotation, translation = motion[:, :3, :3], motion[:, :3, 3:]
        turn, back = camera @ rotation @ camera.inverse(), camera @ rotation.mT @ camera.inverse()
        shift, epipole = camera @ translation, camera @ rotation.mT @ translation
        return cls(turn[..., None].float(), shift.float(), back[..., None].float(), epipole.float())

    def project(self, pixel: Pair, inverse_depth: Tensor) -> list[Tensor]:
        """Homogeneous context pixels, three of (B, N), of target pixels; the last is z in the context over z."""
        rows = _affine(self.turn, pixel)
        return [row.addcmul_(self.shift[:, i], inverse_depth) for i, row in enumerate(rows)]

    def footprints(self, pixel: Pair, plane: Plane) -> _Footprints:
        """The footprints of the pieces around target pixels: the inverse Jacobian of each plane's homography."""
        middle, right, down = plane
        x, y, z = self.project(pixel, middle)
        x_u, y_u, z_u = (torch.addcmul(self.turn[:, i, 0], self.shift[:, i], right) for i in range(3))
        x_v, y_v, z_v = (torch.addcmul(self.turn[:, i, 1], self.shift[:, i], down) for i in range(3))
        ahead = z.clamp_min(TINY)
        x, y = x.div_(ahead), y.div_(ahead)
        x_u, y_u = x_u.addcmul_(x, z_u, value=-1), y_u.addcmul_(y, z_u, value=-1)  # z times the Jacobian
        x_v, y_v = x_v.addcmul_(x, z_v, value=-1), y_v.addcmul_(y, z_v, value=-1)
        area = (x_u * y_v).addcmul_(x_v, y_u, value=-1)  # negative where the camera sees the back of the piece
        reach = torch.minimum(area, z).div_(TINY).clamp_max_(REACH)
        scale = ahead / area.clamp_min_(TINY)
        return _Footprints(x, y, reach, (y_v.mul_(scale), -x_v.mul_(scale)), (-y_u.mul_(scale), x_u.mul_(scale)))

    def meet(self, context: Pair, pixel: Pair, plane: Plane) -> tuple[Tensor, Tensor, Tensor]:
        """Where exactly context pixels see pieces around target pixels.

        Returns offsets from the centres along u and v, px, and inverse depth there in the target camera, 1/m.
        """
        x, y, z = _affine(self.back, context)
        z = z.clamp_min_(TINY)
        x, y = x.div_(z), y.div_(z)
        along_u = torch.addcmul(-self.epipole[:, 0], x, self.epipole[:, 2])
        along_v = torch.addcmul(-self.epipole[:, 1], y, self.epipole[:, 2])
        u, v = x.sub_(pixel[0]), y.sub_(pixel[1])
        middle, right, down = plane
        slowness = (1 - right * along_u).addcmul_(down, along_v, value=-1).clamp_min_(TINY)
        inverse_depth = torch.addcmul(middle, right, u).addcmul_(down, v).div_(slowness).clamp_min_(TINY)
        return u.addcmul_(inverse_depth, along_u), v.addcmul_(inverse_depth, along_v), inverse_depth


def _affine(matrix: Tensor, pixel: Pair) -> list[Tensor]:
    """Matrices (B, 3, 3, 1) times (u, v, 1), three of (B, N)."""
    return [torch.addcmul(row[:, 2], row[:, 0], pixel[0]).addcmul_(row[:, 1], pixel[1]) for row in matrix.unbind(1)]


def _pixels(like: Tensor) -> Pair:
    """u and v of every pixel of images (B, H, W), each (1, H * W)."""
    height, width = like.shape[-2:]
    rows = torch.arange(height, dtype=torch.float32, device=like.device)[:, None].expand(height, width)
    columns = torch.arange(width, dtype=torch.float32, device=like.device).expand(height, width)
    return columns.reshape(1, -1), rows.reshape(1, -1)


def _first(frames: Tensor) -> Tensor:
    """Index in the batch of every frame's first pixel, int64 (B, 1), of frames (B, H, W)."""
    return torch.arange(len(frames), device=frames.device)[:, None] * frames[0].numel()


def _z_buffer(surface: _Surface, view: _View) -> Tensor:
    """For every context pixel the key of the piece that it sees, int64 (B, H, W), 0 where none.

    A key is the float64 of the piece's inverse depth there, with the index of its pixel in the batch in the lowest
    bits. Along a context pixel's ray the greatest inverse depth is the nearest in either camera. Positive floats keep
    their order as integers. So the greatest key wins, whatever order they come in. A piece may cover any of the
    four context pixels around its centre, which is enough until it is magnified twice. For pixels that it does not
    cover, its key is made negative (signs, because bools are several times slower on a CPU).
    """
    batch, height, width = surface.known.shape
    plane = surface.inverse_depth.flatten(1), surface.right.flatten(1), surface.down.flatten(1)
    at = view.footprints(_pixels(surface.known), plane)
    left, top = at.x.floor().clamp_(-1, width - 1), at.y.floor().clamp_(-1, height - 1)
    padded = torch.zeros(batch, height + 2, width + 2, dtype=torch.int64, device=left.device)  # a pixel on each side
    place = ((top + 1) * (width + 2)).add_(left + 1).long().add_(_first(padded)).view(-1)
    index = torch.arange(left.numel(), device=left.device).view(left.shape)
    worth = torch.where(surface.known.flatten(1), 1.0, GUESSED)
    middle, right, down = (values * worth for values in plane)
    left, top = left.sub_(at.x), top.sub_(at.y)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        x, y = left + dx, top + dy
        u, v = (along[0] * x + along[1] * y for along in (at.u, at.v))
        inverse_depth = torch.addcmul(middle, right, u).addcmul_(down, v)
        spare = at.reach - torch.maximum(u.abs_(), v.abs_())
        key = inverse_depth.copysign_(spare).double().view(torch.int64).add_(index)
        padded.view(-1)[dy * (width + 2) + dx :].scatter_reduce_(0, place, key.view(-1), "amax")
    return padded[:, 1:-1, 1:-1].contiguous()


def _shade(rgb: Tensor, surface: _Surface, view: _View, key: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Colour (B, 3, H, W), depth in the context (B, H, W) and whether it is known, by the z-buffer's keys.

    Colour is interpolated between a pixel and its neighbours on the nearer side along u and along v. Where the key
    is 0 the values mean nothing, but colour is finite.
    """
    (height, width), context = key.shape[1:], _pixels(key)
    winner = (key & INDEX).flatten(1)
    local = winner - _first(key)
    winner = winner.int()
    pixel = _look_up(context[0], local), _look_up(context[1], local)
    signed = torch.where(surface.known, surface.inverse_depth, -surface.inverse_depth)  # the sign marks known depth
    own, right, down = (_look_up(values, winner) for values in (signed, surface.right, surface.down))
    u, v, inverse_depth = view.meet(context, pixel, (own.abs(), right, down))
    depth = view.project((pixel[0] + u, pixel[1] + v), inverse_depth)[2].clamp_min_(TINY).div_(inverse_depth)
    u, v = u.clamp_(-REACH, REACH), v.clamp_(-REACH, REACH)
    right, down = right.mul_(own.sign()), down.mul_(own.sign())
    u_step = (pixel[0] + u.sign()).clamp_(0, width - 1).sub_(pixel[0])
    v_step = (pixel[1] + v.sign()).clamp_(0, height - 1).sub_(pixel[1])
    sides = [winner + u_step.int(), winner + v_step.int() * width]
    weights = [
        _on_plane(signed, own, right * u_step, sides[0]).mul_(u.abs_()),
        _on_plane(signed, own, down * v_step, sides[1]).mul_(v.abs_()),
    ]
    image = [_mixed(channel, winner, sides, weights) for channel in rgb.unbind(1)]
    return torch.stack(image, 1).unflatten(2, (height, width)), depth.view(key.shape), (own > 0).view(key.shape)


def _on_plane(signed: Tensor, own: Tensor, step: Tensor, place: Tensor) -> Tensor:
    """How far pixels belong to the surface of their neighbours, 0 to 1, (B, N).

    Guessed depth never belongs to known, nor known to guessed.

    Args:
        signed: (B, H, W), inverse depth, negative where guessed.
        own: (B, N), that of pixels.
        step: (B, N), by how much it changes to a neighbouring pixel on their plane.
        place: (B, N), index in the batch of that pixel.
    """
    off_plane = _look_up(signed, place).sub_(own).sub_(step).div_(own).abs_()
    return (2 - off_plane.mul_(2 / SAME_PLANE)).clamp_(0, 1)


def _mixed(channel: Tensor, place: Tensor, sides: list[Tensor], weights: list[Tensor]) -> Tensor:
    """A colour channel (B, H, W) at pixels (B, N), each mixed with a share of two others'."""
    result = _look_up(channel, place).mul_(1 - weights[0] - weights[1])
    for side, weight in zip(sides, weights, strict=True):
        result.addcmul_(_look_up(channel, side), weight)
    return result


def _look_up(values: Tensor, index: Tensor) -> Tensor:
    """`values`, flat, at `index`: several times faster than indexing."""
    return values.reshape(-1).index_select(0, index.view(-1)).view(index.shape)
