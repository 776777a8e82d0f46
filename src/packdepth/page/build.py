"""Puts the page together: one file that needs neither a server nor the internet."""

import json
from html import escape
from importlib.resources import files
from pathlib import Path

from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.page.content import content
from packdepth.utils.files import write_text

STATIC = files("packdepth.page") / "static"


def write_page(study: Study, path: Path) -> None:
    """Write the page of the scale's results, whole or not at all.

    Raises InputError that names a missing result, or if plotly is not installed.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise InputError("the page needs plotly; install it by: pip install 'packdepth[page]'") from None
    parts = {
        "title": escape(f"packdepth, scale {study.scale}"),
        "style": (STATIC / "page.css").read_text(),
        "content": json.dumps(content(study), allow_nan=False).replace("</", "<\\/"),  # it stands in a <script>
        "plotly": get_plotlyjs(),
        "script": (STATIC / "page.js").read_text(),
    }
    page = (STATIC / "page.html").read_text()
    for name, part in parts.items():
        page = page.replace(f"{{{{{name}}}}}", part, 1)
    write_text(path, page)
