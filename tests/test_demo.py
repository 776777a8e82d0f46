"""The demo, as a person uses it, and what it answers."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import packdepth
from packdepth.demo import demo, serve
from packdepth.errors import InputError
from packdepth.inference.depth_model import DepthModel
from tests.support.browser import needs_browser

SIZE = (64, 96)


@pytest.fixture
def networks() -> dict[str, DepthModel]:
    torch.manual_seed(0)
    names = {"packnet": 50.0, "densedepth": None}  # the second does not know its camera
    return {
        name: packdepth.create_model(name, width=0.25, size=SIZE, focal_length=focal).eval()
        for name, focal in names.items()
    }


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)).save(path)
    return path


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_drops_an_image(networks: dict[str, DepthModel], photo: Path, browse: Callable[..., Any], width: int):
    words = photo.with_name("words.png")
    words.write_text("no image")
    served = demo(networks)
    _, address, _ = served.launch(prevent_thread_lock=True, quiet=True, share=False)
    try:
        page, faults = browse(address, width)
        page.locator("input[type=file]").set_input_files(photo)
        page.wait_for_selector("text=and farther")
        page.wait_for_function("document.querySelectorAll('.js-plotly-plot').length === 1")  # one knows its camera
        assert page.locator("text=packnet: image and depth").is_visible()
        assert page.locator("text=densedepth: image and depth").is_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert faults == []

        before = page.inner_text("text=and farther")
        page.locator("input[type=number]").fill("100")
        page.locator("input[type=number]").press("Enter")
        page.wait_for_selector("text=does not know its training data's focal length")
        assert page.inner_text("text=and farther") == before

        page.locator("[aria-label='Remove Image'], [aria-label='Clear']").first.click()
        page.locator("input[type=file]").set_input_files(words)
        page.wait_for_selector("text=words.png: cannot be read as an image: not one of PNG")
    finally:
        served.close()


def test_a_taken_port_is_named(networks: dict[str, DepthModel]):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port {port}"):
            serve(networks, port)


def test_what_is_not_installed_is_named(networks: dict[str, DepthModel], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "gradio", None)
    with pytest.raises(InputError, match=r"pip install 'packdepth\[demo\]'"):
        demo(networks)
