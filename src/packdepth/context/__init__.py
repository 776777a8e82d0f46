"""Temporal context: the frames before and after a frame, with the motion between them."""
