"""Neighbours of single frames: rendered, filmed, or synthesized from one RGB-D frame."""
