"""`packdepth demo`: drop an image into a page of the browser, and see what networks make of it, in 3-D too."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from packdepth.errors import InputError
from packdepth.inference.depth_model import DepthModel
from packdepth.inference.images import photo, rgb_bytes
from packdepth.predict.cloud import points
from packdepth.predict.picture import COLOURS, coloured, span

if TYPE_CHECKING:
    from gradio import Blocks

POINTS = 20_000  # of a cloud, at most
LARGEST = "50mb"  # of a dropped file
HEAD = """# Depth from one image
Drop an image. Drag across a result to see the image or its depth. Nothing leaves this machine.
"""


def serve(models: Mapping[str, DepthModel], port: int | None = None) -> None:
    """Serve the page on this machine, for this machine only, until Ctrl-C.

    Raises InputError if gradio is not installed or the port is taken.
    """
    page = demo(models)
    try:
        page.launch(server_name="127.0.0.1", server_port=port, share=False, max_file_size=LARGEST, footer_links=[])
    except OSError as error:
        raise InputError(f"port {port or '7860 to 7959'}: {error}") from None


def demo(models: Mapping[str, DepthModel]) -> "Blocks":
    """The page: one image in, and of each network, by its name, a picture and a cloud of points out.

    Raises InputError if gradio is not installed.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # gradio reports each start to its makers
    try:
        import gradio
    except ImportError:
        raise InputError("the demo needs gradio; install it by: pip install 'packdepth[demo]'") from None

    def answer(image: str | None, focal_length: float | None) -> list[Any]:
        if image is None:
            return [""] + [None, None] * len(models)
        try:
            return _shown(models, image, focal_length or None)
        except InputError as error:
            raise gradio.Error(str(error).replace(f"{Path(image).parent}/", ""), print_exception=False) from None

    with gradio.Blocks(title="packdepth", analytics_enabled=False) as page:
        gradio.Markdown(HEAD)
        with gradio.Row():
            image = gradio.Image(type="filepath", sources=["upload", "clipboard"], label="image", height=320)
            image.preprocess = _path  # type: ignore[assignment, method-assign]  # gradio's says more of a bad file than one line
            with gradio.Column():
                focal_length = gradio.Number(
                    label="focal length (px)",
                    info="Of your camera, for this image. 0: unknown, as if it were the training camera.",
                )
                legend = gradio.HTML()
        outputs: list[Any] = [legend]
        with gradio.Row():
            for name in models:
                with gradio.Column():
                    outputs.append(gradio.ImageSlider(label=f"{name}: image and depth", max_height=360))
                    outputs.append(gradio.Plot(label=f"{name}: in 3-D"))
        gradio.on([image.change, focal_length.submit], answer, [image, focal_length], outputs)
    return page


def _path(given: Any) -> Any:
    """Where the file is that was dropped; None if there is none."""
    return given and given.path


def _shown(models: Mapping[str, DepthModel], image: str, focal_length: float | None) -> list[Any]:
    """The legend, and of each network a pair of pictures and a cloud. All share one range of colours."""
    given = photo(image)
    rgb, focal_length = rgb_bytes(given.rgb), given.focal_length(focal_length)
    depths = [model.infer(given.rgb, focal_length) for model in models.values()]
    ends = span(np.stack(depths))
    shown: list[Any] = [_legend(ends)]
    for model, depth in zip(models.values(), depths, strict=True):
        shown += [(rgb, coloured(depth, ends)), _cloud(model, depth, rgb, focal_length)]
    return shown


def _legend(ends: tuple[float, float]) -> str:
    shades = ", ".join(
        f"rgb{tuple(int(part) for part in COLOURS(share, bytes=True)[:3])}" for share in np.linspace(0, 1, 9)
    )
    return (
        f'<div style="height: 1em; background: linear-gradient(to right, {shades})"></div>'
        f'<div style="display: flex; justify-content: space-between"><span>{ends[0]:.2f} m and nearer</span>'
        f"<span>depth</span><span>{ends[1]:.2f} m and farther</span></div>"
    )


def _cloud(model: DepthModel, depth: NDArray[np.float32], rgb: NDArray[np.uint8], focal_length: float | None) -> Any:
    """Points to turn with the mouse; None where no focal length is known."""
    from plotly.graph_objects import Figure, Scatter3d

    try:
        focal_length = focal_length or model.usual_focal_length(len(depth))
    except InputError:
        return None
    step = max(1, round((depth.size / POINTS) ** 0.5))
    cloud = points(depth, rgb, focal_length).reshape(depth.shape)[::step, ::step].ravel()
    colours = [f"rgb{tuple(colour)}" for colour in cloud[["red", "green", "blue"]].tolist()]
    figure = Figure(
        Scatter3d(
            x=cloud["x"],
            y=cloud["z"],
            z=-cloud["y"],
            mode="markers",
            marker={"size": 2, "color": colours},
            hovertemplate="%{y:.2f} m ahead<extra></extra>",
        )
    )
    names = {"xaxis": "right (m)", "yaxis": "ahead (m)", "zaxis": "up (m)"}
    axes = {axis: {"title": {"text": name}} for axis, name in names.items()}
    scene = {"aspectmode": "data", "camera": {"eye": {"x": 0.4, "y": -2.0, "z": 0.6}}, **axes}
    return figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 0}, height=360, scene=scene)
