"""From checkpoints and stores to metrics, tables and predictions."""
