"""Cameras and rigid motion: plain tensor functions that know nothing of files or models."""
