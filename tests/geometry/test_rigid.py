import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from packdepth.geometry.rigid import (
    inverse,
    mirror_motion,
    rigid,
    rotation_from_vector,
    transform,
    vector_from_rotation,
)

numbers = st.floats(-4, 4)
vectors = st.tuples(numbers, numbers, numbers)


def _tensor(vector):
    return torch.tensor(vector, dtype=torch.float64)


def _motion(vector, translation):
    return rigid(rotation_from_vector(_tensor(vector)), _tensor(translation))


def test_quarter_turn_about_down_takes_ahead_to_the_right():
    rotation = rotation_from_vector(_tensor((0, math.pi / 2, 0)))
    torch.testing.assert_close(rotation @ _tensor((0, 0, 1)), _tensor((1, 0, 0)))


def test_no_turn_is_the_identity():
    assert torch.equal(rotation_from_vector(torch.zeros(3)), torch.eye(3))


def test_small_turn_is_its_first_order():
    rotation = rotation_from_vector(_tensor((0, 0, 1e-9)))
    torch.testing.assert_close(rotation[1, 0], _tensor(1e-9), rtol=1e-12, atol=0)


@given(vectors)
def test_rotation_is_orthonormal_and_keeps_its_axis(vector):
    rotation = rotation_from_vector(_tensor(vector))
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(torch.linalg.det(rotation), _tensor(1.0))
    torch.testing.assert_close(rotation @ _tensor(vector), _tensor(vector))


@given(vectors, st.floats(-2, 2), st.floats(-2, 2))
def test_turns_about_one_axis_add_up(vector, first, second):
    axis = _tensor(vector)
    both = rotation_from_vector(first * axis) @ rotation_from_vector(second * axis)
    torch.testing.assert_close(both, rotation_from_vector((first + second) * axis), atol=1e-9, rtol=0)


@given(vectors, vectors)
def test_inverse_undoes_a_motion(vector, translation):
    motion = _motion(vector, translation)
    torch.testing.assert_close(inverse(motion) @ motion, torch.eye(4, dtype=torch.float64), atol=1e-9, rtol=0)


@given(vectors, vectors, vectors, vectors)
def test_product_is_one_motion_after_the_other(first, forth, second, further):
    b_from_a, c_from_b = _motion(first, forth), _motion(second, further)
    points = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    one_by_one = transform(c_from_b, transform(b_from_a, points))
    torch.testing.assert_close(transform(c_from_b @ b_from_a, points), one_by_one, atol=1e-9, rtol=0)


@given(vectors.filter(lambda vector: math.hypot(*vector) < 3.1))
def test_a_rotation_gives_its_vector_back(vector):
    again = vector_from_rotation(rotation_from_vector(_tensor(vector)))
    torch.testing.assert_close(again, _tensor(vector), atol=1e-12, rtol=1e-12)


@given(vectors)
def test_a_vector_of_any_length_is_of_the_same_rotation(vector):
    rotation = rotation_from_vector(_tensor(vector))
    again = vector_from_rotation(rotation)
    assert torch.linalg.vector_norm(again) < math.pi + 1e-9
    torch.testing.assert_close(rotation_from_vector(again), rotation, atol=1e-6, rtol=0)


def test_the_smallest_turns_are_not_rounded_away():
    tiny = _tensor((3e-12, -1e-12, 2e-12))
    torch.testing.assert_close(vector_from_rotation(rotation_from_vector(tiny)), tiny, rtol=1e-12, atol=0)


def test_batches_have_any_leading_shape():
    vectors = torch.randn(2, 3, 3, dtype=torch.float64)
    motion = rigid(rotation_from_vector(vectors), torch.randn(2, 3, 3, dtype=torch.float64))
    assert inverse(motion).shape == (2, 3, 4, 4)
    assert transform(motion, torch.randn(2, 3, 7, 3, dtype=torch.float64)).shape == (2, 3, 7, 3)
    torch.testing.assert_close(motion[1, 2, :3, :3], rotation_from_vector(vectors[1, 2]))


@given(vectors, vectors)
def test_a_mirrored_motion_takes_mirrored_points_where_the_others_mirror_is(vector, translation):
    motion, flip = _motion(vector, translation), torch.tensor([-1.0, 1, 1], dtype=torch.float64)
    points = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mirrored = mirror_motion(motion)
    torch.testing.assert_close(transform(mirrored, flip * points), flip * transform(motion, points))
    assert torch.equal(mirror_motion(mirrored), motion)
