"""The command line: one sub-command per rule of the workflow. The only module that reads arguments.

Every command imports its phase when it is called, so that a figure does not wait for torch, and so that what a
command imports tells what its result depends on. A user's mistake ends in one line and exit code 2.
"""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from packdepth import layout, params
from packdepth.errors import InputError, one_of

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="PackNet against DenseDepth on monocular depth.",
)
data_app = typer.Typer(no_args_is_help=True, help="Make and look at data stores.")
app.add_typer(data_app, name="data")

VariantOption = Annotated[str, typer.Option(help="A variant of params.yaml.")]
SeedOption = Annotated[int, typer.Option(min=0, help="The seed to train with.")]
ScaleOption = Annotated[str | None, typer.Option(help="A scale of params.yaml [default: the one switched on].")]
# A full disk in the words of the system, HDF5 and safetensors, and in torch's, which drops the system's.
NO_SPACE = re.compile("No space left|File too large|quota exceeded|inline_container|PytorchStreamWriter", re.IGNORECASE)


@data_app.command("download")
def data_download(scale: ScaleOption = None) -> None:
    """Bring the archives of a scale's data set here, and list them."""
    from packdepth.data.obtain import obtain

    study = params.load().at(scale)
    obtain(study.data, layout.downloads(study.data.dataset), layout.archives(study.scale))


@data_app.command("make")
def data_make(split: Annotated[str, typer.Argument(help="train or test")], scale: ScaleOption = None) -> None:
    """Make the store of one split of a scale's data set."""
    from packdepth.data.make import make

    study = params.load().at(scale)
    make(study.data, split, layout.archives(study.scale), layout.store(study.scale, split))


@data_app.command("show")
def data_show(
    file: Annotated[Path, typer.Argument(help="A store.")],
    output: Annotated[Path | None, typer.Option(help="Where the contact sheet goes [default: beside it].")] = None,
) -> None:
    """Print what a store holds and save a contact sheet of it."""
    from packdepth.data.show import show

    print(show(file, output or file.with_suffix(".png")))


@app.command()
def context() -> None:
    """Make the neighbouring frames that the scale's temporal variants learn from."""
    from packdepth.context.make import make

    study = params.load()
    make(study, layout.store(study.scale, "train"), layout.context(study.scale))


@app.command()
def train(variant: VariantOption, seed: SeedOption) -> None:
    """Train one variant at the scale of params.yaml."""
    from packdepth.training.loop import train

    study = params.load()
    train(study, study.run(variant, seed))


@app.command()
def evaluate(
    variant: Annotated[str | None, typer.Option(help="A variant of params.yaml, with --seed.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The seed it was trained with.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="Any checkpoint, with --data: path or https address.")] = None,
    data: Annotated[str | None, typer.Option(help="The scale whose test data and protocol it is held against.")] = None,
) -> None:
    """Evaluate a trained variant on the scale's test split, or any checkpoint on any data."""
    study = params.load()
    if variant is not None and seed is not None and checkpoint is None and data is None:
        from packdepth.evaluation.evaluate import evaluate

        evaluate(study, study.run(variant, seed))
    elif checkpoint is not None and data is not None and variant is None and seed is None:
        from packdepth.evaluation.transfer import evaluate_pair

        evaluate_pair(study, checkpoint, data)
    else:
        raise InputError("evaluate takes --variant and --seed, or --checkpoint and --data")


@app.command()
def transfer() -> None:
    """Write the table of every checkpoint on every data set, from what `evaluate --checkpoint --data` measured."""
    from packdepth.evaluation.transfer_table import write_table

    print(write_table(params.load()))


@app.command()
def figure(name: Annotated[str, typer.Argument(help="A figure of params.yaml.")]) -> None:
    """Draw one figure from result files."""
    from importlib import import_module

    study = params.load()
    group = study.drawn[one_of(name, study.drawn, "figure")]
    import_module(f"packdepth.figures.{name}").draw(study, layout.figure(study.scale, name, group))


@app.command()
def tables() -> None:
    """Write the table of reported and measured numbers, and the provenance of every run."""
    from packdepth.evaluation.tables import write_tables

    study = params.load()
    write_tables(study)
    print(layout.tables(study.scale).joinpath("table.md").read_text())


@app.command()
def temporal_tables() -> None:
    """Write the table of the temporal variants, and the provenance of every run."""
    from packdepth.evaluation.temporal_table import write_table

    print(write_table(params.load()))


@app.command()
def context_quality() -> None:
    """Measure synthetic neighbouring frames against true ones, on rooms of the scale's image size."""
    from packdepth.evaluation.context_quality import write_quality

    write_quality(params.load())


@app.command()
def reconstruct(variant: VariantOption, seed: SeedOption) -> None:
    """Evaluate a trained autoencoder: how well it says images again."""
    from packdepth.evaluation.reconstruction import reconstruct

    study = params.load()
    reconstruct(study, study.run(variant, seed))


@app.command()
def findings() -> None:
    """Gather what the variants that the verdict compares measured, and what each change did."""
    from packdepth.evaluation.findings import find, provenance
    from packdepth.files import write_json

    study = params.load()
    folder = layout.findings(study.scale)
    find(study).write(folder)
    write_json(folder / "provenance.json", provenance(study))


@app.command()
def verdict() -> None:
    """Write what came of each hypothesis, from the findings."""
    from packdepth.evaluation.answer import sentences
    from packdepth.evaluation.findings import Findings
    from packdepth.evaluation.verdict import write_verdict

    study = params.load()
    found = Findings.read(layout.findings(study.scale))
    write_verdict(study, found)
    print(" ".join(sentences(study, found)))


@app.command()
def verdict_figure(name: Annotated[str, typer.Argument(help="A hypothesis of params.yaml, or: answer.")]) -> None:
    """Draw the figure of one hypothesis, or the one that carries the answer, from the findings."""
    from packdepth.evaluation.findings import Findings
    from packdepth.figures.verdict.hypothesis import ANSWER, draw

    study = params.load()
    one_of(name, [*study.verdict.hypotheses, ANSWER], "hypothesis")
    folder = layout.findings(study.scale)
    draw(study, Findings.read(folder), name, folder / f"{name}.png")


@app.command()
def predict(
    checkpoint: Annotated[Path, typer.Argument(help="A model.safetensors, or a published PackNet's .ckpt.")],
    images: Annotated[list[Path], typer.Argument(help="Images of any size.")],
    output: Annotated[Path, typer.Option(help="The folder the predictions go to.")] = Path("predictions"),
) -> None:
    """Write metric depth of images: 16-bit PNGs in mm, and colour pictures."""
    from packdepth.evaluation.predict import predict

    for path in predict(checkpoint, images, output):
        print(path)


def main() -> None:
    """Run the command line; what a user can mend ends in one line on stderr and exit code 2."""
    try:
        app()
    except InputError as error:
        _stop(str(error))
    except Exception as error:
        if not NO_SPACE.search(str(error)):
            raise
        _stop(f"no space left on the disk, nothing half-written was kept ({error})")


def _stop(message: str) -> None:
    print(f"packdepth: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)
