"""The data sets: each is the module of its name, which gives its class as SOURCE. There is no list of them."""

from dataclasses import replace
from importlib import import_module

from packdepth.config.datasets import Data, FolderData, module_name
from packdepth.data.datasets.base import DatasetInfo, Source


def source_of(data: Data) -> type[Source]:
    """The class that gives a data set's frames."""
    module = import_module(f"packdepth.data.datasets.{module_name(data.dataset)}")
    source: type[Source] = module.SOURCE
    return source


def info_of(data: Data) -> DatasetInfo:
    """What one must know about a data set; for a folder of one's own, what params.yaml states."""
    info = source_of(data).info
    if isinstance(data, FolderData):
        return replace(info, dataset=data.name, licence=data.licence, citation=data.citation)
    return info
