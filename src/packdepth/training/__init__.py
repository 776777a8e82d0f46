"""From a variant's settings and a store to a checkpoint and its logs."""
