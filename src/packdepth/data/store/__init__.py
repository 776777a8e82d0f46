"""The one on-disk format of every data set: HDF5 files of frames and of their neighbours."""
