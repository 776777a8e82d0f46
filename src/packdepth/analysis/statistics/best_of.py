"""What the best of several tuning trials is worth, so that networks with more trials gain nothing by luck."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from packdepth.errors import InputError


def expected_best(losses: npt.ArrayLike) -> pd.Series:
    """The expected lowest loss of n trials, indexed by n from 1 to the number of trials given.

    `losses` are the validation losses of all trials, one each. The n trials are drawn from them with replacement:
    P(lowest >= k-th lowest of N) = ((N - k + 1) / N)^n (Dodge et al. 2019, "Show Your Work", section 3, for a lowest
    value). Raises InputError without a trial.
    """
    ordered = np.sort(np.asarray(losses, dtype=float).ravel())
    count = len(ordered)
    if count == 0:
        raise InputError("the expected best of no trials: give at least one loss")
    trials = np.arange(1, count + 1)
    at_least = (np.arange(count, -1, -1) / count) ** trials[:, None]  # (n, k): the lowest is the k-th or a higher one
    return pd.Series((at_least[:, :-1] - at_least[:, 1:]) @ ordered, index=pd.Index(trials, name="trials"))
