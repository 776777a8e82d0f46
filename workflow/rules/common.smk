# What the rules share: params.yaml, checked, and the names of things.
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(workflow.basedir, "workflow"))

from modules import imported_by
from packdepth.config.study import load_study
from packdepth.errors import InputError
from packdepth.paths import checkpoint_name

try:
    STUDY = load_study()
    if workflow.config_settings.overwrite_config:
        raise InputError("--config and --configfile do not reach packdepth and DVC: say it in params.yaml")
except InputError as error:
    print(f"packdepth: {error}", file=sys.stderr)
    sys.exit(2)


configfile: "params.yaml"


if workflow.is_main_process and "PACKDEPTH_SYNC" not in os.environ and "--unlock" not in sys.argv:
    # Take over what DVC has restored or made since the last look.
    subprocess.run([sys.executable, os.path.join(workflow.basedir, "workflow", "sync.py"), "pull"])

SCALE = config["scale"]
RUNG = config["scales"][SCALE]
RESULTS = f"results/{SCALE}"
RUN = "{variant}/seed{seed}"  # one variant trained with one seed
# glibc gives large blocks back to the system when they are freed, and every training step asks for them again, which
# makes it slower on a CPU.
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**30))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**33))

THREADS = min(8, workflow.cores)  # torch keeps its cores busy: two such jobs on the same stand in each other's way


wildcard_constraints:
    scale="|".join(config["scales"]),
    split="train|test",
    variant="[a-z0-9-]+",
    seed=r"\d+",


def every_run(files):
    """These files of every variant and seed."""
    return expand(files, variant=config["variants"], seed=config["seeds"])
