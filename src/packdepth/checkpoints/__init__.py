"""Weights on disk: our own files, those published with packnet-sfm, and ImageNet's."""
