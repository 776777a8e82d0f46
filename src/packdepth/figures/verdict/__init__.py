"""The figures of the verdict: one a hypothesis, and that of the answer. They read the tables of evaluation.findings."""
