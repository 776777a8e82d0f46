"""The figures of the verdict: one per hypothesis, and the conclusion's. They read the tables of analysis.findings."""
