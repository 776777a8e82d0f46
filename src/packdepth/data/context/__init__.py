"""Neighbouring frames of single ones: rendered, filmed, or synthesized from one RGB-D frame."""
