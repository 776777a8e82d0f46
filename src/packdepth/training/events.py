"""Event files for TensorBoard, while a network trains: `tensorboard --logdir results/SCALE/tensorboard`."""

import shutil
from pathlib import Path
from typing import Any

from packdepth.errors import InputError


class Events:
    """What the logs hold, for TensorBoard; goes on after a kill as they do."""

    def __init__(self, folder: Path, last_step: int) -> None:
        """Continue after `last_step` (0: from the start, without what an earlier training left).

        Raises InputError if TensorBoard is not installed.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise InputError(
                "training.tensorboard: needs TensorBoard; install it by: pip install 'packdepth[tensorboard]'"
            ) from None
        if not last_step and folder.is_dir():
            shutil.rmtree(folder)
        self._writer: Any = SummaryWriter(folder, purge_step=last_step + 1)

    def write(self, step: int, values: dict[str, float]) -> None:
        """Add some values of a step."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Write everything to the disk."""
        self._writer.close()
