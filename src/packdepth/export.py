"""A model in one file that runs without packdepth: `packdepth export`."""

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from packdepth.errors import InputError
from packdepth.inference.depth_model import SIDE, DepthModel
from packdepth.utils.files import atomic_write

ENDINGS = (".onnx", ".pt2")
FEWEST, MOST = 2, 128  # multiples of 32 px of a side; torch.export takes 1 for a case of its own
CHECKED = ((2, 3), (3, 2), (2, 5))  # sizes that both are run at, in multiples of 32 px
TOLERANCE = 1e-4  # of the farthest depth


def export(model: DepthModel, path: Path) -> float:
    """Write a model for onnxruntime (.onnx) or for `torch.export.load` (.pt2), whole or not at all.

    The file maps images (B, 3, H, W) in [0, 1] to metric depth (B, 1, H, W) in m, for any B and for H and W that are
    multiples of 32, from 64 to 4,096 px. Its metadata say so, and name the size and camera of training. It is run and
    compared with the model before it gets its name; returns their largest difference in m.

    `model` is in evaluation mode, on the CPU, not accelerated. Raises InputError for another ending, if ONNX is not
    installed, or if the results differ by more than 1e-4 of the farthest depth.
    """
    if path.suffix not in ENDINGS:
        raise InputError(f"{path}: expected a name that ends in {' or '.join(ENDINGS)}")
    if path.suffix == ".onnx":
        _require_onnx()
    with atomic_write(path) as part:
        program = _program(model)
        again = (_as_onnx if path.suffix == ".onnx" else _as_pt2)(program, part, metadata(model))
        largest = difference(model, again)
        if not largest <= TOLERANCE * model.info.max_depth:
            raise InputError(f"{path}: the exported model differs by up to {largest:.2g} m; nothing was written")
    return largest


def metadata(model: DepthModel) -> dict[str, str]:
    """What a file says of itself; each value is JSON."""
    said = {
        "input": "RGB in [0, 1], (B, 3, H, W)",
        "output": "depth in m, (B, 1, H, W)",
        "multiple_of": SIDE,
        "sides": (FEWEST * SIDE, MOST * SIDE),
        "size": model.info.size,
        "focal_length": model.info.focal_length,
        "max_depth": model.info.max_depth,
        "network": model.info.network,
    }
    return {key: json.dumps(value) for key, value in said.items()}


@torch.inference_mode()
def difference(model: DepthModel, other: Callable[[Tensor], Tensor]) -> float:
    """The largest difference between the depths that two models predict for some random images, in m."""
    generator = torch.Generator().manual_seed(0)
    largest = 0.0
    for rows, columns in CHECKED:
        images = torch.rand(2, 3, rows * SIDE, columns * SIDE, generator=generator)
        largest = max(largest, float((model(images) - other(images)).abs().max()))
    return largest


def _program(model: DepthModel) -> ExportedProgram:
    batch, rows, columns = Dim("batch", min=1), Dim("rows", min=FEWEST, max=MOST), Dim("columns", min=FEWEST, max=MOST)
    example = torch.zeros(2, 3, 2 * SIDE, 3 * SIDE)
    return torch.export.export(model, (example,), dynamic_shapes=({0: batch, 2: SIDE * rows, 3: SIDE * columns},))


def _as_pt2(program: ExportedProgram, path: Path, said: dict[str, str]) -> Callable[[Tensor], Tensor]:
    torch.export.save(program, path, extra_files={"packdepth.json": json.dumps(said)})
    return torch.export.load(path).module()


def _as_onnx(program: ExportedProgram, path: Path, said: dict[str, str]) -> Callable[[Tensor], Tensor]:
    import onnxruntime

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells what is not installed and not needed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torch about itself
        made: Any = torch.onnx.export(
            program, dynamo=True, input_names=["images"], output_names=["depth"], verbose=False
        )
    made.model.metadata_props.update(said)
    made.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: torch.from_numpy(session.run(None, {"images": images.numpy()})[0])


def _require_onnx() -> None:
    try:
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        raise InputError("ONNX: needs onnxruntime and onnxscript; pip install 'packdepth[onnx]'") from None
