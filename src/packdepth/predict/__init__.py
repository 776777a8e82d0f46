"""Depth of anyone's images and videos: `packdepth predict`."""
