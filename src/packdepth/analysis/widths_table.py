"""The table of the group `widths`: networks of several widths, cascades of two, and what their uncertainty knows."""

import pandas as pd

from packdepth.analysis.cascades import CASCADE, FLOOR, NETWORK, UNCERTAINTY, finding
from packdepth.analysis.text import TextTable, markdown_table, number, with_interval
from packdepth.config.study import Study

CAPTION = (
    "That is the `gain` in the first row of a cascade. GFLOP: 1e9 operations of forward passes, the mean for an image."
    " `skill` is 1 - the test loss / that of the fixed map. A cascade is judged at half of its big network's"
    " operations, which leaves that network the `share` of images that seem most difficult. `gain` is its skill minus"
    " that of a single network of as many operations, between the widths over the logarithm of operations; `if"
    " perfect`: the same if the predictor knew what the big network gains. `captured`: what the order of images gains"
    " over a random one, of what the best order would. `oracle`: the skill of one network an image for these"
    " operations, chosen by who knows all losses. Brackets: 95 % intervals over seeds and images; of one seed, over"
    " images only."
)
OF_UNCERTAINTY = (
    "`correlation`: Spearman's, of an image's mean uncertainty and its loss. AUSE: the area between the sparsification"
    " curves by uncertainty and by true error (|error| / truth), the mean over images; `known` is 1 - AUSE / AUSE of"
    " random order: 0 for noise, 1 for an uncertainty that orders the pixels of an image as their errors do."
)


def widths_text(table: pd.DataFrame, study: Study) -> TextTable:
    """The table of `cascades.summarise` for people: its finding stands above the caption, uncertainties below it."""
    head = ["network, cascade or floor", "predictor", "GFLOP", "share", "skill", "gain"]
    head += ["if perfect", "captured", "oracle"]
    rows = [
        [
            f"*{row['name']}*" if row["kind"] == FLOOR else row["name"],
            "-" if pd.isna(row["predictor"]) else row["predictor"],
            number(row["gflops"], 3),
            number(row["share"], 2),
            with_interval(row, "skill"),
            with_interval(row, "advantage"),
            number(row["perfect"], 3),
            with_interval(row, "captured"),
            number(row["oracle"], 3),
        ]
        for _, row in table[table["kind"].isin([NETWORK, CASCADE, FLOOR])].iterrows()
    ]
    of_cascades = f"**{finding(table)}.** Scale `{study.scale}`. {CAPTION}"
    return TextTable(head, rows, f"{of_cascades}\n\n{_uncertainties(table)}\n\n{OF_UNCERTAINTY}")


def _uncertainties(table: pd.DataFrame) -> str:
    head = ["network", "predictor", "correlation", "known", "AUSE", "random AUSE"]
    rows = [
        [
            row["name"],
            row["predictor"],
            with_interval(row, "correlation"),
            with_interval(row, "known"),
            number(row["ause"], 3),
            number(row["ause_random"], 3),
        ]
        for _, row in table[table["kind"] == UNCERTAINTY].iterrows()
    ]
    return markdown_table(head, rows)
