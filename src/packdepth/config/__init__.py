"""params.yaml: its schema, how a variant's settings are resolved, and what is refused. Never imports torch."""
