"""Cameras and rigid motion: plain tensor functions, independent of files and models."""
