"""From result files to findings: tables, effects with intervals, the verdict. Never imports torch."""
