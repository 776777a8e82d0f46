"""The effects of a two-level factorial design, by ordinary least squares.

The network (PackNet or DenseDepth) is one more factor: its interaction with another factor says whether that one hurts
PackNet. Formulas: Box, Hunter and Hunter (2005), chapters 5 and 6.
"""

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from packdepth.analysis.statistics.effects import Effect
from packdepth.config.factorial import Design
from packdepth.errors import InputError


def analyse(design: Design, responses: pd.DataFrame) -> dict[str, Effect]:
    """Main effects and two-factor interactions, each chain of aliases as one sum under its name.

    `responses` has one row per run, indexed by its place in `design.runs()`, and one column per seed: the mean skill
    over the test images, say. Ordinary least squares with seeds as blocks; the residuals are the standard errors' only
    source, so interactions of three factors widen the intervals, and nothing is said about other images.
    An effect is the mean response at +1 minus that at -1. So the effect of `network:swap` is **half** the change by
    `swap` in one network minus that in the other (`effects.interaction`), and its margin is half as large.
    Raises InputError for other runs, missing responses, or no degrees of freedom left.
    """
    runs = pd.DataFrame(design.runs())
    if set(responses.index) != set(runs.index) or responses.isna().any(axis=None):
        raise InputError("responses are needed for every run of the design, for every seed")
    values = responses.loc[runs.index].to_numpy(float)
    count, seeds = values.shape
    columns = [runs[list(chain[0])].prod(axis=1).to_numpy(float) for chain in design.chains]
    levels = np.repeat(np.column_stack(columns), seeds, axis=0)
    blocks = np.tile(np.eye(seeds), (count, 1))
    fitted = OLS(values.ravel(), np.hstack([levels, blocks])).fit()
    if fitted.df_resid < 1:
        raise InputError("no degrees of freedom are left to judge effects by; add a seed or drop a factor")
    return {
        design.name(chain): Effect(2 * float(slope), 2 * float(error), float(fitted.df_resid), seeds, images=1)
        for chain, slope, error in zip(design.chains, fitted.params, fitted.bse, strict=False)  # then blocks
    }
