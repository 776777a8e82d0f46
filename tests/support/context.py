"""Neighbouring frames made by hand."""

import numpy as np

from packdepth.data.store.context import Neighbours


def neighbours(frames: int, size: tuple[int, int] = (64, 64)) -> Neighbours:
    """Images whose every pixel tells its frame and offset; the left half of the later one was not seen."""
    rgb = np.empty((frames, 2, *size, 3), np.uint8)
    rgb[:] = (10 * np.arange(frames)[:, None] + np.array([1, 2]))[..., None, None, None]
    rgb[..., 1] += 100  # the colours differ
    rgb[..., : size[1] // 2, :] += 50  # and so do left and right
    mask = np.ones((frames, 2, *size), np.bool_)
    mask[:, 1, :, : size[1] // 2] = False
    pose = np.tile(np.eye(4, dtype=np.float32), (frames, 2, 1, 1))
    velocity = np.zeros((frames, 3, 6), np.float32)
    velocity[..., 2] = 2.0
    step = np.full((frames, 2), 0.1, np.float32)
    return Neighbours(np.arange(frames, dtype=np.int32)[::-1].copy(), pose, velocity, step, rgb, mask)


def beside(frames: int, size: tuple[int, int] = (64, 64)) -> Neighbours:
    """Images of a second camera 0.2 m to the right whose every pixel tells its frame; the left half was not seen."""
    rgb = np.empty((frames, 1, *size, 3), np.uint8)
    rgb[:] = (10 * np.arange(frames) + 3)[:, None, None, None, None]
    mask = np.ones((frames, 1, *size), np.bool_)
    mask[..., : size[1] // 2] = False
    pose = np.tile(np.eye(4, dtype=np.float32), (frames, 1, 1, 1))
    pose[..., 0, 3] = -0.2
    return Neighbours(np.arange(frames, dtype=np.int32), pose, rgb=rgb, mask=mask)
