"""The notebook runs from its first cell to its last, as it does for a person."""

import pytest

from tests.support.stores import TOP

NOTEBOOK = TOP / "docs" / "tour.ipynb"
nbformat = pytest.importorskip("nbformat")


def test_it_keeps_no_results():
    """They would grow old, and every run would change the file."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells if cell.cell_type == "code")


@pytest.mark.slow
def test_it_trains_draws_and_predicts(monkeypatch: pytest.MonkeyPatch):
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # tests run side by side
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 2
    said = "".join(output.get("text", "") for output in outputs)
    assert "evaluate smoke/densedepth/seed 0: 8/8" in said
    assert "packdepth:" not in said  # an error's first word
