"""`packdepth design`: the runs of the factorial design, and what they cannot tell apart."""

from packdepth.analysis.text import markdown_table
from packdepth.config.study import FactorialGroup


def design_text(group: FactorialGroup) -> str:
    """A table of every run's levels, then the effects that are estimated only as a sum."""
    factors = list(group.factors)
    rows = [[run, *(levels[factor] for factor in factors)] for run, levels in group.levels.items()]
    design = group.design
    sums = [design.name(chain) for chain in design.chains if len(chain) > 1]
    told = "\n".join(["Estimated only as a sum:", *sums] if sums else ["Every effect is estimated by itself."])
    resolution = f"Resolution {design.resolution:g}" if design.defining_words else "All combinations"
    return f"{markdown_table(['run', *factors], rows)}\n\n{resolution}, {len(rows)} runs. {told}\n"
