from collections.abc import Callable

import numpy as np

from packdepth.config.study import Study
from packdepth.figures.scale_factor import factors


def test_factors_of_all_seeds_stand_together(make_study: Callable[..., Study]) -> None:
    study = make_study(seeds=(0, 4))
    np.testing.assert_array_equal(factors(study, "packnet-selfsup"), [0.5, 1, 2, 0.5, 5, 2])  # as conftest wrote them
