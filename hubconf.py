"""What `torch.hub` offers: `torch.hub.load("OWNER/packdepth", "load", "model.safetensors")`.

`torch.hub.help` shows what each takes. packdepth need not be installed, but what it depends on.
"""

import sys
from pathlib import Path

dependencies = ["huggingface_hub", "numpy", "PIL", "pydantic", "safetensors", "torch", "yaml"]

sys.path.insert(0, str(Path(__file__).parent / "src"))

from packdepth.zoo.catalogue import create_model, load  # noqa: E402, F401
