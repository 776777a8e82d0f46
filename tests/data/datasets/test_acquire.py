"""From an address, or from where a data set already is, to the listing that stores are made from."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from packdepth.config.datasets import Data
from packdepth.data.datasets import nyu_50k
from packdepth.data.datasets.acquire import acquire, archives
from packdepth.data.datasets.convert import make_store
from packdepth.errors import InputError
from packdepth.utils import download
from tests.support import servers
from tests.support.archives_nyu import write_50k
from tests.support.stores import made_store


def settings(**changes: object) -> Data:
    plain = {"dataset": "nyu-50k", "size": [64, 96]}
    return TypeAdapter(Data).validate_python(plain | changes)


def test_a_download_is_listed_with_address_size_and_hash(tmp_path: Path, monkeypatch, capsys):
    content = write_50k(tmp_path).read_bytes()
    with servers.server() as server:
        urls = (server.url("gone.zip"), server.serve("nyu_data.zip", content, cuts=[20_000]))
        monkeypatch.setattr(nyu_50k, "REMOTE", replace(nyu_50k.REMOTE, urls=urls))
        monkeypatch.setattr(download, "PAUSE", 0.0)
        store = made_store(settings(), "test", tmp_path)
        assert len(store) == 2
        listing = json.loads((tmp_path / "archives.json").read_text())
        (entry,) = listing["archives"]
        assert entry["path"] == str(tmp_path / "downloads" / "nyu_data.zip")
        assert (entry["url"], entry["bytes"]) == (urls[1], len(content))
        assert entry["hash"].startswith("sha256:")
        assert store.attributes["source"] == urls[1]
        assert listing["licence"] == store.attributes["licence"] == "none stated; academic use"
        assert "academic use. Cite: Silberman" in capsys.readouterr().err
        asked = len(server.requests)
        acquire(settings(), tmp_path / "downloads", tmp_path / "archives.json")
        assert len(server.requests) == asked


def test_what_is_already_there_takes_the_place_of_a_download(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(nyu_50k, "REMOTE", replace(nyu_50k.REMOTE, urls=()))
    path = write_50k(tmp_path)
    store = made_store(settings(source=path), "train", tmp_path)
    assert len(store) == 4
    assert archives(tmp_path / "archives.json") == [path]
    assert not (tmp_path / "downloads").exists()


def test_home_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch):
    path = write_50k(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    made_store(settings(source=f"~/{path.relative_to(tmp_path)}"), "test", tmp_path)
    assert archives(tmp_path / "archives.json") == [path]


def test_a_source_that_is_not_there(tmp_path: Path):
    with pytest.raises(InputError, match=r"gone\.zip: no such file or folder; data\.source in params\.yaml"):
        acquire(settings(source=tmp_path / "gone.zip"), tmp_path / "downloads", tmp_path / "archives.json")
    assert not (tmp_path / "archives.json").exists()


def test_an_archive_that_went_after_it_was_listed(tmp_path: Path):
    path = write_50k(tmp_path)
    acquire(settings(source=path), tmp_path / "downloads", tmp_path / "archives.json")
    path.unlink()
    with pytest.raises(InputError, match=r"nyu_data\.zip: not there any more, but listed in .*archives\.json"):
        make_store(settings(source=path), "train", tmp_path / "archives.json", tmp_path / "train.h5")


def test_nothing_listed_yet(tmp_path: Path):
    with pytest.raises(InputError, match=r"archives\.json: not there yet; `packdepth data download` makes it"):
        make_store(settings(), "train", tmp_path / "archives.json", tmp_path / "train.h5")


@pytest.mark.parametrize("text", ["", "[]", '{"archives": 1}', '{"archives": [1]}', '{"archives": [{}]}', '{"arch'])
def test_a_damaged_list(tmp_path: Path, text: str):
    (tmp_path / "archives.json").write_text(text)
    with pytest.raises(
        InputError, match=r"archives\.json: lists no archives; remove it, and `packdepth data download`"
    ):
        make_store(settings(), "train", tmp_path / "archives.json", tmp_path / "train.h5")
