"""KITTI raw: splits, calibration, motion, and the source of stores."""

from packdepth.data.kitti.source import Kitti as Kitti
