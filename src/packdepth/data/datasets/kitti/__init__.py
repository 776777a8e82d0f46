"""KITTI raw: splits, calibration, motion, and the source of stores."""

from packdepth.data.datasets.kitti.source import Kitti

SOURCE = Kitti
