"""Chromium, for pages that a person looks at."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")


@pytest.fixture
def browse() -> Iterator[Callable[..., tuple[Any, list[str]]]]:
    """Open an address in a window so many px wide: the page, and its errors and what it asks of others."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--enable-unsafe-swiftshader"]
        )

        def opened(address: str, width: int) -> tuple[Any, list[str]]:
            page = browser.new_page(viewport={"width": width, "height": 900})
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
            page.on("request", lambda request: None if _own(request.url, address) else faults.append(request.url))
            page.goto(address)
            return page, faults

        yield opened
        browser.close()


def _own(url: str, address: str) -> bool:
    return url.startswith(address) or not url.startswith("http")
