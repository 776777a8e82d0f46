"""A tiny study in temporary clones of the project, run with the real tools."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PARTS = (
    "Snakefile",
    "dvc.yaml",
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvcignore",
    ".gitignore",
    "profiles",
    "workflow",
    "src",
)
TINY = """
scale: tiny
seeds: [0]
training:
  mode: supervised
  context: synthetic
  photometric: {ssim: 0.85, smoothness: 0.001}
  velocity: {weight: 0.0}
  epochs: 8
  batch_size: 2
  devices: 1
  micro_batches: 1
  optimizer: adam
  learning_rate: 1.0e-4
  pose_learning_rate: 1.0e-4
  schedule: constant
  warmup: 0.0
  weight_decay: 0.0
  flip: 0.5
  channel_swap: 0.25
  max_depth: 10.0
  first_output: unbiased
  loss: handout
  cpu:  {precision: fp32, implementation: auto, channels_last: false, compile: false, checkpointing: false}
  cuda: {precision: fp32, implementation: auto, channels_last: false, compile: false, checkpointing: false}
  workers: 0
  save_every: 2
  diagnostics_every: 4
losses:
  handout: {target: eight-bit, l1: 0.1, ssim: 1.0, gradient: 1.0, ssim_range: 1.0, ssim_border: zeros}
groups:
  report:
    variants:
      constant: {network: {architecture: constant}, training: {learning_rate: 0.0}}
      packnet: {network: {architecture: packnet}}
    figures: [curves, bars]
  temporal:
    variants:
      photometric: {network: {architecture: packnet, head: scaled-sigmoid}, training: {mode: self-supervised}}
    figures: [temporal_panel, context_quality]
  supervision:
    compared_with: [temporal]
    variants:
      semisup:
        network: {architecture: densedepth, head: scaled-sigmoid}
        training: {mode: semi-supervised, context: recorded, velocity: {weight: 0.5}}
    figures: [scale_factor]
  sensors:
    training: {mode: self-supervised, context: recorded, velocity: {weight: 0.4}}
    variants:
      sensor-perfect: {network: {architecture: packnet, head: scaled-sigmoid}}
      noise-30: {network: {architecture: packnet, head: scaled-sigmoid}, training: {velocity: {noise: 0.3}}}
    figures: [speed_sensor]
  ceilings:
    seeds: [0]
    variants:
      packnet-ceiling-5: {network: {architecture: packnet, min_depth: 0.2}, training: {first_output: 0.5}}
  tuning:
    seeds: [0]
    training: {held_out: 0.25}
    variants:
      packing-rate-1: {network: {architecture: packnet, head: linear}}
  contest:
    seeds: [0]
    variants:
      packnet-best: {network: {architecture: packnet, head: leaky-relu}, training: {schedule: cosine}}
      densedepth-best: {network: {architecture: densedepth}, training: {schedule: cosine}}
  diagnosis:
    seeds: [0]
    variants:
      packnet-leaky-relu: {network: {architecture: packnet, head: leaky-relu}}
  durations:
    seeds: [0]
    variants:
      packnet-short: {network: {architecture: packnet}, scale_by: {epochs: 0.5}}
  factors:
    seeds: [0, 1]
    training: {schedule: cosine}
    runs: [f1, f2]
    factors:
      network:
        densedepth: {network: {architecture: densedepth}}
        packnet: {network: {architecture: packnet}}
  autoencoder:
    seeds: [0]
    variants:
      packing: {network: {architecture: autoencoder, sampling: packing}, training: {mode: reconstruction}}
      pooling: {network: {architecture: autoencoder, sampling: pooling}, training: {mode: reconstruction}}
  widths:
    seeds: [0]
    variants:
      width-half: {network: {architecture: densedepth}, scale_by: {width: 0.5}}
      width-fourfold: {network: {architecture: densedepth}, scale_by: {width: 4.0}}
    figures: [cascade, sparsification]
  batches:
    seeds: [0]
    variants:
      densedepth-batch-4: {network: {architecture: densedepth}, training: {batch_size: 4}}
    figures: [batch_size]
  pairs:
    seeds: [0]
    training: {flip: 0.0}
    variants:
      packnet-one: {network: {architecture: packnet}}
      packnet-two: {network: {architecture: packnet, stereo: true}}
    figures: [second_camera]
scales:
  tiny:
    data: {dataset: rooms, size: [32, 64], train: 8, test: 4, seed: 0, stereo: 0.2}
    context: {kinds: [recorded, synthetic], motion: walk}
    width: 0.125
    training: {}
    groups: {temporal: {save_every: 1}}
    evaluation: {protocol: indoor, flip: true}
verdict:
  gap: [packnet, constant]
  contest: [packnet-best, densedepth-best]
  margin: 0.2
  hypotheses:
    H1: {claim: It fades, kind: structure, gain: [packnet-best, packnet-leaky-relu], panel: gradients}
    H7: {claim: It cannot, kind: environment, gain: [packnet, packnet-ceiling-5], panel: ceilings}
    H8: {claim: It keeps more, kind: structure, gain: [pooling, packing], panel: autoencoders}
motions:
  walk:
    frequency: 10.0
    speed: [0.6, 1.4]
    acceleration: 1.0
    mean_direction: [0.0, 0.0, 1.0]
    direction_spread: [0.3, 0.1, 0.2]
    turn: 3.0
    turn_acceleration: 3.0
    turn_axes: [0.6, 1.0, 0.3]
"""
TARGETS = ("all", "everything")  # all but transfer
DATA = {
    "packdepth data download --scale tiny",
    "packdepth data make train --scale tiny",
    "packdepth data make test --scale tiny",
}
CONTEXT = {"packdepth context"}
QUALITY = {"packdepth context-quality"}
SETTINGS = {"packdepth settings"}  # of DVC: Snakemake writes them when it starts


def runs(phase: str, *variants: str, seeds: tuple[int, ...] = (0,)) -> set[str]:
    """The commands of a phase, for some variants and seeds."""
    return {f"packdepth {phase} --variant {variant} --seed {seed}" for variant in variants for seed in seeds}


TRAIN, EVALUATE = (runs(phase, "constant", "packnet") for phase in ("train", "evaluate"))
TRAIN_TEMPORAL, EVALUATE_TEMPORAL = (runs(phase, "photometric") for phase in ("train", "evaluate"))
FLOORS = {"packdepth floors"}
CEILINGS = {"packdepth figure ceilings"}
FIGURES = {"packdepth figure curves", "packdepth figure bars"}
FIGURES_TEMPORAL = {"packdepth figure temporal_panel", "packdepth figure context_quality"}
TABLES, TABLES_TEMPORAL = {"packdepth tables report"}, {"packdepth tables temporal"}
REPORT = TRAIN | EVALUATE | FLOORS | CEILINGS | FIGURES | TABLES
TEMPORAL = TRAIN_TEMPORAL | EVALUATE_TEMPORAL | FLOORS | FIGURES_TEMPORAL | TABLES_TEMPORAL | QUALITY
STUDY = DATA | CONTEXT | REPORT | TEMPORAL  # what a bare `snakemake` and `dvc repro` make
SUPERVISION = (
    runs("train", "semisup")
    | runs("evaluate", "semisup")
    | {
        "packdepth floors",
        "packdepth tables supervision",
        "packdepth figure scale_factor",
    }
)
SENSORS = {
    *(command for phase in ("train", "evaluate") for command in runs(phase, "sensor-perfect", "noise-30")),
    "packdepth floors",
    "packdepth tables sensors",
    "packdepth figure speed_sensor",
}
TOLD = ("report", "ceilings", "tuning", "contest", "diagnosis", "durations", "factors", "autoencoder")
GATHER = {f"packdepth gather {group}" for group in TOLD}
JUDGE = {"packdepth findings", "packdepth verdict"} | {
    f"packdepth verdict-figure {key}" for key in ("H1", "H7", "H8", "conclusion", "factors")
}
VERDICT = GATHER | JUDGE
WIDTHS = {
    *(command for phase in ("train", "evaluate") for command in runs(phase, "width-half", "width-fourfold")),
    "packdepth floors",
    "packdepth gather widths",
    "packdepth tables widths",
    "packdepth figure cascade",
    "packdepth figure sparsification",
}
BATCHES = {
    *runs("train", "densedepth-batch-4"),
    *runs("evaluate", "densedepth-batch-4"),
    "packdepth floors",
    "packdepth gather batches",
    "packdepth tables batches",
    "packdepth figure batch_size",
}
PAIRS = {
    *(command for phase in ("train", "evaluate") for command in runs(phase, "packnet-one", "packnet-two")),
    "packdepth floors",
    "packdepth gather pairs",
    "packdepth tables pairs",
    "packdepth figure second_camera",
}
CEILINGS_GROUP = runs("train", "packnet-ceiling-5") | runs("evaluate", "packnet-ceiling-5")
TUNING = runs("train", "packing-rate-1") | runs("evaluate", "packing-rate-1")
DIAGNOSIS = runs("train", "packnet-leaky-relu") | runs("evaluate", "packnet-leaky-relu")
DURATIONS = runs("train", "packnet-short") | runs("evaluate", "packnet-short")
CONTEST = {command for phase in ("train", "evaluate") for command in runs(phase, "packnet-best", "densedepth-best")}
FACTORS = {command for phase in ("train", "evaluate") for command in runs(phase, "f1", "f2", seeds=(0, 1))}
AUTOENCODER = runs("train", "packing", "pooling") | runs("reconstruct", "packing", "pooling")
OF_VERDICT = CEILINGS_GROUP | TUNING | CONTEST | DIAGNOSIS | DURATIONS | FACTORS
EVERYTHING = STUDY | SUPERVISION | SENSORS | OF_VERDICT | AUTOENCODER | VERDICT | WIDTHS | BATCHES | PAIRS
AFTER_PACKNET = runs("train", "packnet") | runs("evaluate", "packnet") | FIGURES | TABLES
ANOTHER_HEAD = (
    "params.yaml",
    "packnet: {network: {architecture: packnet}}",
    "packnet: {network: {architecture: packnet, head: sigmoid}}",
)


@dataclass(frozen=True)
class Clone:
    """A clone of the project with the tiny study."""

    path: Path

    @property
    def env(self) -> dict[str, str]:
        tools = Path(sys.executable).parent
        python_path = [self.path / "src", Path(__file__).parent / "recorder"]
        private = self.path / ".git" / "private"  # no setting or cache of the user's
        return os.environ | {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, python_path)),
            "PACKDEPTH_RUNS": str(self.path / ".git" / "runs"),
            "OMP_NUM_THREADS": "1",
            "DVC_SITE_CACHE_DIR": str(private / "dvc-cache"),
            "DVC_GLOBAL_CONFIG_DIR": str(private / "dvc"),
            "XDG_CACHE_HOME": str(private / "cache"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{f"GIT_{who}_{what}": "test@test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
        }

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own."""
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=self.path, env=self.env, text=True, start_new_session=True, **pipes)

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command to its end, expect its exit code, and return what it printed."""
        done = subprocess.run(command, cwd=self.path, env=self.env, text=True, capture_output=True)
        assert done.returncode == code, f"{command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def ran(self) -> dict[str, set[str]]:
        """The packdepth commands that have ended since last asked, and the files of packdepth that each imported."""
        notes = self.path / ".git" / "runs"
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        runs = [(run["command"], run["files"]) for run in map(json.loads, lines)]
        assert len({command for command, _ in runs}) == len(runs), f"something ran twice: {runs}"
        return dict((command, set(files)) for command, files in runs)

    def planned(self, *arguments: str) -> set[str]:
        """The packdepth commands that Snakemake would run."""
        lines = self.run("snakemake", "--dry-run", "--printshellcmds", *arguments).splitlines()
        commands = {line.removeprefix("Shell command: ").strip() for line in lines if "packdepth " in line}
        return {command.partition(" 2>&1")[0] for command in commands}

    def outdated(self, *arguments: str) -> set[str]:
        """The packdepth commands that DVC would run, apart from those that only wait for their results."""
        lines = self.run("dvc", "repro", "--dry", *arguments).splitlines()
        return {line.removeprefix("> ") for line in lines if line.startswith("> ")}

    def sync(self) -> str:
        """What `make sync` does."""
        return self.run(sys.executable, "workflow/sync.py")

    def edit(self, file: str, old: str, new: str) -> None:
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new))

    def commit(self, message: str) -> None:
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--allow-empty", "--message", message)

    def copy(self, path: Path) -> "Clone":
        shutil.copytree(self.path, path, symlinks=True)
        return Clone(path)

    def stamps(self) -> dict[str, int]:
        """When every file of data/ and results/ was written."""
        return {name: (self.path / name).lstat().st_mtime_ns for name in self.results()}

    def results(self) -> dict[str, bytes]:
        """Every file of data/ and results/."""
        folders = (self.path / "data", self.path / "results")
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        return {file.relative_to(self.path).as_posix(): file.read_bytes() for file in files}


def new_clone(path: Path, params: str = TINY) -> Clone:
    for part in PARTS:
        (path / part).parent.mkdir(parents=True, exist_ok=True)
        if (PROJECT / part).is_dir():
            shutil.copytree(PROJECT / part, path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(PROJECT / part, path / part)
    (path / "params.yaml").write_text(params)
    clone = Clone(path)
    clone.edit("profiles/default/config.yaml", "100/5s", "100/1s")  # tests start few jobs, and wait for every end
    clone.run("git", "init", "--quiet")
    clone.commit("the project")
    return clone
