"""On PYTHONPATH in these tests: every packdepth command that ends notes its arguments and the files it imported."""

import atexit
import json
import os
import sys
from pathlib import Path


def note() -> None:
    if "packdepth.cli" in sys.modules:
        modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "packdepth"]
        files = [os.path.relpath(module.__file__) for module in modules]
        with Path(os.environ["PACKDEPTH_RUNS"]).open("a") as runs:
            runs.write(json.dumps({"command": " ".join(["packdepth", *sys.argv[1:]]), "files": files}) + "\n")


if "PACKDEPTH_RUNS" in os.environ:
    atexit.register(note)
