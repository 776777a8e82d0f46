"""Any checkpoint on any data."""

import functools
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest
import torch

from packdepth import paths
from packdepth.errors import InputError
from packdepth.evaluation import transfer
from packdepth.evaluation.evaluate import evaluate
from packdepth.evaluation.transfer import evaluate_pair
from packdepth.training.loop import train
from tests.support.stores import slopes

RUN = paths.Run("tiny", "report", "constant", 0)


def result(name: str) -> dict:
    return json.loads((paths.transfer("tiny") / "tiny" / name / "metrics.json").read_text())


def test_ours_on_its_own_data_measures_as_its_evaluation(stores):
    study = stores()
    train(study, RUN)
    evaluate(study, RUN)
    evaluate_pair(study, str(RUN.checkpoint), "tiny")
    ours, own = result("tiny-constant-seed0"), json.loads(RUN.evaluation.read_text())
    assert (ours["checkpoint"], ours["data"], ours["images"]) == ("tiny-constant-seed0", "tiny", 3)
    for part in ("headline", "protocol", "metric", "median_scaled"):
        assert ours[part] == own[part]
    per_image = paths.transfer("tiny") / "tiny" / "tiny-constant-seed0" / "per_image.csv"
    pd.testing.assert_frame_equal(pd.read_csv(per_image), pd.read_csv(RUN.per_image).drop(columns="loss"))


def test_it_takes_as_many_threads_as_params_yaml_says(stores, monkeypatch):
    study = stores()
    train(study, RUN)
    used = []
    measured = transfer.measure

    def measure(*arguments):
        used.append(torch.get_num_threads())
        return measured(*arguments)

    monkeypatch.setattr(transfer, "measure", measure)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        evaluate_pair(study, str(RUN.checkpoint), "tiny")
    finally:
        torch.set_num_threads(before)
    assert used == [study.training.cpu.threads]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of the temporary folder."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


@pytest.mark.slow
def test_a_published_one_by_its_address(stores, publish, one_metre, server):
    study = stores()
    publish(one_metre, name="PackNet01.ckpt")
    evaluate_pair(study, f"{server}/PackNet01.ckpt", "tiny")
    truth = slopes(3, seed=1).depth
    expected = (abs(truth - 1) / truth).mean()
    assert result("PackNet01")["headline"]["abs_rel"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow
def test_two_addresses_that_end_in_one_name(stores, publish, one_metre, server, tmp_path):
    study = stores()
    publish(one_metre, name="best.ckpt")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "best.ckpt").write_bytes(b"not the same")
    evaluate_pair(study, f"{server}/best.ckpt", "tiny")
    with pytest.raises(InputError, match=r"best\.ckpt: truncated or not safetensors"):
        evaluate_pair(study, f"{server}/other/best.ckpt", "tiny")


@pytest.mark.parametrize("address", ["https://example.org/models/", "https://example.org"])
def test_an_address_of_no_file(stores, address):
    with pytest.raises(InputError, match=f"'{address}' names no file; expected the path or the address"):
        evaluate_pair(stores(), address, "tiny")


def test_an_unknown_scale(stores):
    with pytest.raises(InputError, match="unknown scale 'tony'; did you mean 'tiny'"):
        evaluate_pair(stores(), "model.safetensors", "tony")


def test_a_missing_checkpoint(stores):
    with pytest.raises(InputError, match=r"nowhere\.ckpt: no such checkpoint"):
        evaluate_pair(stores(), "nowhere.ckpt", "tiny")
