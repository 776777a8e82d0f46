"""The table of one group of variants, in the layout that its question needs: `packdepth tables GROUP`."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from packdepth import paths
from packdepth.analysis import batches, cascades, pairs
from packdepth.analysis.report_table import report_text, summarise_report
from packdepth.analysis.results import read_json, runs
from packdepth.analysis.temporal_table import summarise_temporal, temporal_text
from packdepth.analysis.text import TextTable
from packdepth.analysis.widths_table import widths_text
from packdepth.config.study import Study
from packdepth.utils.files import write_json, write_text

Summary = Callable[[Study], pd.DataFrame]
Told = Callable[[pd.DataFrame, Study], TextTable]
FROM_GATHERED: dict[str, tuple[Summary, Told]] = {  # groups whose table rests on gathered ones
    paths.WIDTHS: (cascades.summarise, widths_text),
    paths.BATCHES: (batches.summarise, batches.batches_text),
    paths.PAIRS: (pairs.summarise, pairs.pairs_text),
}


def write_group_table(study: Study, group: str) -> str:
    """Write a group's table as CSV, Markdown and HTML, and the provenance of its runs; returns the Markdown.

    Raises InputError that names a missing result.
    """
    if group in paths.WITH_CONTEXT:
        table = summarise_temporal(study, group)
        text = temporal_text(table, study)
    elif group in FROM_GATHERED:
        summarise, told = FROM_GATHERED[group]
        table = summarise(study)
        text = told(table, study)
    else:
        table = summarise_report(study, group)
        text = report_text(table, study)
    write_text(paths.table(study.scale, group, "csv"), table.to_csv(index=False, float_format="%.6g"))
    write_text(paths.table(study.scale, group, "md"), text.markdown())
    write_text(paths.table(study.scale, group, "html"), text.html())
    write_json(paths.table_provenance(study.scale, group), _provenance(study, group))
    return text.markdown()


def _provenance(study: Study, group: str) -> Any:
    """Where every run of a table comes from: of gathered ones, as it was gathered."""
    if group in FROM_GATHERED:
        return read_json(paths.gathered(study.scale, group) / "provenance.json")
    return [read_json(run.provenance) for variant in study.shown(group) for run in runs(study, variant)]
