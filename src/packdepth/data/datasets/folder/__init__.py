"""Anyone's RGB-D frames in a folder: files by pattern, splits, motion, and the source of stores."""

from packdepth.data.datasets.folder.source import Folder

SOURCE = Folder
