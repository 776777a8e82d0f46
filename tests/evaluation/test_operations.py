"""Operations of a forward pass, by hand."""

from packdepth.evaluation.operations import forward_flops

SIZE = (64, 96)


def test_a_constant_costs_nothing():
    assert forward_flops({"architecture": "constant"}, SIZE) == 0


def test_twice_the_pixels_cost_twice_and_twice_the_width_nearly_four_times():
    """Not quite, because the first convolution sees three channels whatever the width, and the last gives one."""
    base = forward_flops({"architecture": "packnet", "width": 0.5}, SIZE)
    assert forward_flops({"architecture": "packnet", "width": 0.5}, (128, 96)) == 2 * base
    assert 3.5 < forward_flops({"architecture": "packnet", "width": 1.0}, SIZE) / base < 4


def test_a_second_image_costs_as_much_as_the_stem_does():
    one, two = (forward_flops({"architecture": "packnet", "stereo": stereo}, SIZE) for stereo in (False, True))
    assert two - one == 2 * 5 * 5 * 3 * 32 * SIZE[0] * SIZE[1]
