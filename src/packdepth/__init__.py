"""packdepth: a reproducibility study of PackNet against DenseDepth on monocular depth.

Depth of a photo in three lines:

    import packdepth

    net = packdepth.load("densedepth-nyu")
    depth = net.infer("photo.jpg")  # float32 (H, W), metres
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from packdepth.inference.depth_model import DepthModel
    from packdepth.zoo.catalogue import create_model, list_models, load

__all__ = ["DepthModel", "__version__", "create_model", "list_models", "load"]

try:
    __version__ = version("packdepth")
except PackageNotFoundError:  # a checkout that is not installed, as torch.hub takes it
    __version__ = "unknown"


if not TYPE_CHECKING:  # a type checker would take any name for one of these

    def __getattr__(name: str) -> Any:
        """Import what is asked for when it is: `import packdepth` does not wait for torch."""
        if name == "DepthModel":
            from packdepth.inference.depth_model import DepthModel

            return DepthModel
        if name in __all__:
            from packdepth.zoo import catalogue

            return getattr(catalogue, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
