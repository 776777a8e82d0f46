"""Data sets, each brought to one on-disk format (store.py), and how training reads it."""
