# What the rules share: params.yaml, checked; the resolved settings; names of files and of code.
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from packdepth import paths
from packdepth.config.datasets import module_name
from packdepth.config.hypotheses import names_of
from packdepth.config.load import load_study
from packdepth.config.settings import resolved_settings, write_settings
from packdepth.config.study import DATASETS
from packdepth.errors import InputError

SYNC = [sys.executable, os.path.join(workflow.basedir, "workflow", "sync.py")]

try:
    STUDY = load_study()
    if workflow.config_settings.overwrite_config:
        raise InputError("--config and --configfile do not reach packdepth and DVC: say it in params.yaml")
except InputError as error:
    print(f"packdepth: {error}", file=sys.stderr)
    sys.exit(2)

SCALE = STUDY.scale
config.update(scale=SCALE, seeds=STUDY.seeds)  # for captions
RESULTS = f"results/{SCALE}"
SETTINGS = resolved_settings(STUDY)
GROUPS = list(STUDY.by_group)
DEFAULT = ["report", "temporal"]
PACKAGE = Path(workflow.basedir, "src", "packdepth")
# glibc gives large blocks back to the system when they are freed, and every training step asks for them again, which
# slows it down on a CPU.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**30))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**33))
os.environ.setdefault("TTY_INTERACTIVE", "0")  # jobs print lines, not bars, which would write over one another

THREADS = min(8, workflow.cores)  # torch keeps its cores busy: two such jobs on the same cores slow each other down
# Without a GPU to wait for, trainings run side by side, usually on one core each (`cpu: threads` in params.yaml), which
# gets 1.3 to 1.6 times as much done.
ON_CORES = workflow.local_exec and not shutil.which("nvidia-smi")
# A small network does not fill a GPU. `gpu` counts places, of which each of this machine's GPUs has one or more
# (`trainings_per_gpu` in params.yaml).
PLACES = 1
if workflow.local_exec and workflow.is_main_process and "gpu" in workflow.global_resources:
    PLACES = STUDY.active_scale.trainings_per_gpu * workflow.global_resources["gpu"].value
    workflow.register_resource("gpu", PLACES)


wildcard_constraints:
    scale="|".join(STUDY.scales),
    split="train|test",
    group="|".join(GROUPS),
    variant="[a-z0-9][a-z0-9_-]*",
    seed=r"\d+",


if workflow.is_main_process and "PACKDEPTH_SYNC" not in os.environ and "--unlock" not in sys.argv:
    # Take over what DVC has restored or made. Writes only Snakemake's own records, and only if there is such a file.
    if subprocess.run([*SYNC, "pull"]).returncode:
        sys.exit(2)


onstart:
    write_settings(STUDY)


onsuccess:
    subprocess.run([*SYNC, "note"])


onerror:
    subprocess.run([*SYNC, "note"])
