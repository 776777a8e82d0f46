"""The statistics of the verdict: effects, tests, designs, rank agreement, learning curves. Pure functions."""
