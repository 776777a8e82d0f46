"""The data sets: each is the module of its name, which gives its class as SOURCE. There is no list of them."""

from importlib import import_module

from packdepth.config.datasets import Data, module_name
from packdepth.data.datasets.base import Source


def source_of(data: Data) -> type[Source]:
    """The class that gives a data set's frames."""
    module = import_module(f"packdepth.data.datasets.{module_name(data.dataset)}")
    source: type[Source] = module.SOURCE
    return source
