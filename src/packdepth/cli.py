"""The command line: one sub-command per rule of the workflow. The only module that reads arguments.

Every command imports its phase when it is called. So a figure does not wait for torch, and the imports of a
command show what its result depends on. A user's mistake ends in one line and exit code 2.
"""

import os
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Literal

import typer

from packdepth import __version__, paths
from packdepth.config.load import load_study
from packdepth.config.study import FIGURES_OF_FLOORS, Study
from packdepth.errors import InputError, explained, one_of
from packdepth.zoo.trained import DEFAULT, located, trained_models

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(no_args_is_help=True, help="Make and look at data stores.")
app.add_typer(data_app, name="data")


def _complete(names: Callable[[Study], Iterable[str]]) -> Callable[[str], list[str]]:
    """What a shell offers after the first letters of a name in params.yaml."""

    def offered(incomplete: str) -> list[str]:
        try:
            return [name for name in names(load_study()) if name.startswith(incomplete)]
        except InputError:  # no params.yaml here, or a faulty one: the command itself reports it
            return []

    return offered


_scales = _complete(lambda study: study.scales)
_variants = _complete(lambda study: (name for group in study.by_group.values() for name in group.variants))
_groups = _complete(lambda study: study.by_group)
_figures = _complete(lambda study: [*study.figures, *FIGURES_OF_FLOORS])
_splits = _complete(lambda study: ("train", "test"))
_hypotheses = _complete(lambda study: [*study.verdict.hypotheses, "conclusion", "factors"])

VariantOption = Annotated[str, typer.Option(help="A variant of params.yaml.", autocompletion=_variants)]
SeedOption = Annotated[int, typer.Option(min=0, help="The seed to train with.")]
ScaleOption = Annotated[
    str | None,
    typer.Option(help="A scale of params.yaml.", show_default="the one switched on", autocompletion=_scales),
]
CheckpointOption = Annotated[
    str,
    typer.Option(
        help="A trained network that comes with packdepth; a checkpoint, ours or a published PackNet's; a saved"
        " folder; or OWNER/NAME of the Hub.",
        autocompletion=lambda incomplete: [name for name in trained_models() if name.startswith(incomplete)],
    ),
]
DeviceOption = Annotated[str | None, typer.Option(help="cpu, cuda or cuda:N.", show_default="a GPU if there is one")]
DEPTH = "Depth of your own images"  # a panel of the help
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]


def _print_version(asked: bool) -> None:
    if asked:
        print(f"packdepth {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """PackNet against DenseDepth on monocular depth."""


@app.command()
def scale() -> None:
    """Print the scale that params.yaml selects."""
    print(load_study().scale)


@app.command()
def settings() -> None:
    """Write the resolved settings of the scale, where their content has changed."""
    from packdepth.config.settings import write_settings

    write_settings(load_study())


@data_app.command("download")
def data_download(scale: ScaleOption = None) -> None:
    """Download or find the archives of a scale's data set, and list them."""
    from packdepth.data.datasets.acquire import acquire

    study = load_study().at(scale)
    acquire(study.data, paths.downloads(study.data.dataset), paths.archives(study.scale))


@data_app.command("make")
def data_make(
    split: Annotated[str, typer.Argument(help="train or test", autocompletion=_splits)], scale: ScaleOption = None
) -> None:
    """Make the store of one split of a scale's data set."""
    from packdepth.data.datasets.convert import make_store

    study = load_study().at(scale)
    make_store(study.data, split, paths.archives(study.scale), paths.store(study.scale, split))


@data_app.command("show")
def data_show(
    file: Annotated[Path, typer.Argument(help="A store.")],
    output: Annotated[
        Path | None, typer.Option(help="Where the contact sheet goes.", show_default="the store's path, but .png")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Print what a store holds and save a contact sheet of it."""
    from packdepth.data.store.show import show_store

    picture = output or file.with_suffix(".png")
    _require_new(picture, force)
    print(show_store(file, picture))


@app.command()
def context(scale: ScaleOption = None) -> None:
    """Make the neighbouring frames that a scale's temporal variants learn from."""
    from packdepth.data.context.make import make_context

    study = load_study().at(scale)
    make_context(study, paths.store(study.scale, "train"), paths.context(study.scale))


@app.command()
def floors() -> None:
    """Compute what the losses come to without a network, on the scale's data."""
    from packdepth.evaluation.floors import write_floors

    write_floors(load_study())


@app.command()
def train(variant: VariantOption, seed: SeedOption) -> None:
    """Train one variant at the scale of params.yaml."""
    from packdepth.training.loop import train

    study = load_study()
    train(study, study.run(variant, seed))


@app.command()
def clean(
    remove: Annotated[bool, typer.Option("--remove", help="Remove what is listed.")] = False,
) -> None:
    """List what killed commands have left: parts of files, and states that no training will go on from."""
    from packdepth.litter import litter

    found = litter(load_study())
    for one in found:
        print(f"{one.size / 1e6:8.1f} MB  {one.path}: {one.why}")
        if remove:
            one.remove()
    done = "removed" if remove else "`packdepth clean --remove` removes them"
    print(f"{len(found)} found; {done}" if found else "nothing is left over")


@app.command()
def evaluate(
    variant: Annotated[
        str | None, typer.Option(help="A variant of params.yaml, with --seed.", autocompletion=_variants)
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The seed it was trained with.")] = None,
    checkpoint: Annotated[
        str | None, typer.Option(help="Any checkpoint, with --data: name, path or https address.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(help="The scale whose test data and protocol it is held against.", autocompletion=_scales),
    ] = None,
) -> None:
    """Evaluate a trained variant on the scale's test split, or any checkpoint on any data."""
    study = load_study()
    if variant is not None and seed is not None and checkpoint is None and data is None:
        from packdepth.evaluation.evaluate import evaluate

        evaluate(study, study.run(variant, seed))
    elif checkpoint is not None and data is not None and variant is None and seed is None:
        from packdepth.evaluation.transfer import evaluate_pair

        evaluate_pair(study, located(checkpoint), data)
    else:
        raise InputError("evaluate takes --variant and --seed, or --checkpoint and --data")


@app.command()
def transfer() -> None:
    """Write the table of every checkpoint on every data set, from results of `evaluate --checkpoint --data`."""
    from packdepth.analysis.transfer_table import write_transfer_table

    print(write_transfer_table(load_study()))


@app.command()
def figure(name: Annotated[str, typer.Argument(help="A figure of params.yaml.", autocompletion=_figures)]) -> None:
    """Draw one figure from result files."""
    from importlib import import_module

    study = load_study()
    one_of(name, [*study.figures, *FIGURES_OF_FLOORS], "figure")
    import_module(f"packdepth.figures.{name}").draw(study, paths.figure(study.scale, name))


@app.command()
def tables(
    group: Annotated[str, typer.Argument(help="A group of params.yaml.", autocompletion=_groups)],
) -> None:
    """Write the table of a group, and the provenance of its runs."""
    from packdepth.analysis.group_table import write_group_table

    study = load_study()
    print(write_group_table(study, one_of(group, study.by_group, "group")))


@app.command()
def context_quality() -> None:
    """Measure synthetic neighbouring frames against true ones, on rooms of the scale's image size."""
    from packdepth.evaluation.context_quality import write_quality

    write_quality(load_study())


@app.command()
def reconstruct(variant: VariantOption, seed: SeedOption) -> None:
    """Evaluate a trained autoencoder: how well it reconstructs images."""
    from packdepth.evaluation.reconstruction import reconstruct

    study = load_study()
    reconstruct(study, study.run(variant, seed))


@app.command()
def design() -> None:
    """Print the runs of the factorial design, and the effects that they cannot tell apart."""
    from packdepth.analysis.design import design_text

    print(design_text(load_study().groups.factors), end="")


@app.command()
def gather(group: Annotated[str, typer.Argument(help="A group of params.yaml.", autocompletion=_groups)]) -> None:
    """Sum up the runs of a group in a few small tables, for the verdict."""
    from packdepth.analysis.gathered import gather as write_tables

    study = load_study()
    write_tables(study, one_of(group, study.by_group, "group"))


@app.command()
def findings() -> None:
    """Judge the hypotheses whose groups are gathered, and write what follows."""
    from packdepth.analysis.findings import find

    study = load_study()
    find(study).write(paths.findings(study.scale))


@app.command()
def agreement(
    other: Annotated[str, typer.Argument(help="Another scale of params.yaml.", autocompletion=_scales)],
) -> None:
    """Compare the order of variants and the signs of effects at the scale with another, from the gathered tables."""
    from packdepth.analysis.agreement import write_agreement

    print(write_agreement(load_study(), other), end="")


@app.command()
def verdict() -> None:
    """Write the verdict on each hypothesis, from the findings."""
    from packdepth.analysis.conclusion import sentences
    from packdepth.analysis.findings import Findings
    from packdepth.analysis.verdict import write_verdict

    study = load_study()
    found = Findings.read(paths.findings(study.scale))
    write_verdict(study, found)
    print(" ".join(sentences(study, found)))


@app.command()
def verdict_figure(
    name: Annotated[
        str, typer.Argument(help="A hypothesis of params.yaml, or: conclusion, factors.", autocompletion=_hypotheses)
    ],
) -> None:
    """Draw the figure of one hypothesis, or of the conclusion, from the findings."""
    from packdepth.analysis.findings import Findings
    from packdepth.figures.verdict.hypothesis import CONCLUSION, FACTORS, draw

    study = load_study()
    one_of(name, [*study.verdict.hypotheses, CONCLUSION, FACTORS], "hypothesis")
    findings = Findings.read(paths.findings(study.scale))
    draw(study, findings, name, paths.verdict(study.scale) / f"{name}.png")


@app.command()
def show(
    output: Annotated[
        Path | None, typer.Option(help="The page to write.", show_default="page.html among the scale's results")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Make one page of the scale's results, to look at in a browser, and print where it is.

    The page among the results is always made anew; at another place nothing is overwritten unless told to.
    """
    from packdepth.page.build import write_page

    study = load_study()
    if output:
        _require_new(output, force)
    path = output or paths.results(study.scale) / "page.html"
    write_page(study, path)
    print(path)


@app.command(rich_help_panel=DEPTH)
def predict(
    inputs: Annotated[list[str], typer.Argument(help="Images and videos, folders of them, or patterns.")],
    checkpoint: CheckpointOption = DEFAULT,
    output: Annotated[Path, typer.Option(help="The folder the predictions go to.")] = Path("predictions"),
    depth: Annotated[
        Literal["png", "npy", "exr"], typer.Option(help="Format of depth: png in mm, npy and exr in m.")
    ] = "png",
    cloud: Annotated[bool, typer.Option("--cloud", help="Write a cloud of points, too.")] = False,
    focal_length: Annotated[
        float | None,
        typer.Option(help="Of the camera, px of the images; scales depth.", show_default="training data's"),
    ] = None,
    cascade: Annotated[
        str | None,
        typer.Option(
            help="A bigger network, as --checkpoint. It predicts again what the other is most unsure of.",
            show_default="none",
        ),
    ] = None,
    share: Annotated[float, typer.Option(min=0, max=1, help="Of the images, for --cascade.")] = 0.3,
    device: DeviceOption = None,
    force: ForceOption = False,
) -> None:
    """Write metric depth of images and videos: files for programs, and pictures to look at."""
    from packdepth.predict.cascade import predict_in_cascade
    from packdepth.predict.command import Wanted, predict
    from packdepth.zoo.catalogue import load

    wanted, model = Wanted(output, depth, cloud, force, focal_length), load(checkpoint, device)
    if cascade is None:
        written, failed = predict(model, inputs, wanted)
    else:
        written, failed = predict_in_cascade(model, load(cascade, device), inputs, wanted, share)
    for path in written:
        print(path)
    for line in failed:
        print(f"packdepth: {line}", file=sys.stderr)
    if failed:
        sys.exit(2)


@app.command(rich_help_panel=DEPTH)
def demo(
    checkpoints: Annotated[
        list[str] | None,
        typer.Argument(
            help="Checkpoints to compare, as `predict --checkpoint` takes them.", show_default="those of packdepth"
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Of this machine.", show_default="the first free from 7860 on")
    ] = None,
    device: DeviceOption = None,
) -> None:
    """Serve a page on this machine: drop an image, see every network's depth, in 3-D too."""
    from packdepth.demo import serve
    from packdepth.zoo.catalogue import load

    serve({checkpoint: load(checkpoint, device) for checkpoint in checkpoints or trained_models()}, port)


@app.command(rich_help_panel=DEPTH)
def export(
    path: Annotated[Path, typer.Argument(help="The file to write: NAME.onnx or NAME.pt2.")],
    checkpoint: CheckpointOption = DEFAULT,
    force: ForceOption = False,
) -> None:
    """Write a network that runs without packdepth: image in, metric depth out, for any size."""
    from packdepth.export import export
    from packdepth.zoo.catalogue import load_plain

    _require_new(path, force)
    difference = export(load_plain(checkpoint), path)
    print(f"{path}: depth differs by up to {difference:.1g} m from the network's own")


def _require_new(path: Path, force: bool) -> None:
    if path.exists() and not force:
        raise InputError(f"{path}: already there; --force overwrites")


def main() -> None:
    """Run the command line; what a user can fix ends in one line on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file's name may have letters that the terminal has not
    os.environ["MPLBACKEND"] = "agg"  # pictures are only written; a notebook sets one for its child processes
    try:
        app()
    except Exception as error:
        if not (line := explained(error)):
            raise
        print(f"packdepth: {line}", file=sys.stderr)
        sys.exit(2)
