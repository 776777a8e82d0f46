"""The data sets: where each comes from, and how its frames become a store."""
