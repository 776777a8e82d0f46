"""params.yaml: its schema, how a variant's settings are resolved, and what it refuses. Never imports torch."""
