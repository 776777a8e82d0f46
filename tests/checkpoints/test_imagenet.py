"""The ImageNet download, against a server of our own on loopback."""

import hashlib
import io
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from packdepth.checkpoints import imagenet
from packdepth.checkpoints.imagenet import load_imagenet_encoder
from packdepth.errors import InputError
from packdepth.models import densenet
from packdepth.models.densedepth import VERSIONS, DenseDepth


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    folder.mkdir()
    return folder


@pytest.fixture
def server(served: Path) -> Iterator[str]:
    """The address of a server of the files in `served`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def drawn(version: str) -> DenseDepth:
    torch.manual_seed(0)
    return DenseDepth(width=0.25, version=version, pretrained=True)


@pytest.fixture
def source() -> DenseDepth:
    return drawn("paper")


@pytest.fixture
def content(source: DenseDepth) -> bytes:
    return as_published(source)


def as_published(source: DenseDepth) -> bytes:
    """As torchvision's file is: an old archive format, old dotted names, with a classifier and a last normalisation."""
    state = {f"features.norm5.{part}": torch.zeros(3) for part in ("weight", "bias", "running_mean", "running_var")}
    state |= source.encoder.state_dict()
    weights = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", key): t for key, t in state.items()}
    weights["classifier.weight"] = torch.zeros(10, 4)
    file = io.BytesIO()
    torch.save(weights, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def named(content: bytes) -> str:
    return f"densenet169-{hashlib.sha256(content).hexdigest()[:8]}.pth"


def test_good_file_is_loaded_and_kept(
    server: str, served: Path, tmp_path: Path, content: bytes, source: DenseDepth
) -> None:
    name = named(content)
    (served / name).write_bytes(content)
    network = DenseDepth(width=0.25, pretrained=True)
    load_imagenet_encoder(network, tmp_path / "cache", f"{server}/{name}")
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [name]
    loaded = network.encoder.state_dict()
    for key, tensor in source.encoder.state_dict().items():
        assert torch.equal(loaded[key], tensor), key

    (served / name).unlink()  # from here on only the kept file can serve
    again = DenseDepth(width=0.25, pretrained=True)
    load_imagenet_encoder(again, tmp_path / "cache", f"{server}/{name}")
    name = "features.conv0.weight"
    assert torch.equal(again.encoder.get_parameter(name), source.encoder.get_parameter(name))


@pytest.mark.parametrize("version", VERSIONS)
def test_without_an_address_the_file_is_that_of_the_networks_encoder(
    server: str, served: Path, tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = drawn(version)
    content = as_published(source)
    (served / named(content)).write_bytes(content)
    monkeypatch.setitem(imagenet.URLS, source.encoder.layers, f"{server}/{named(content)}")
    network = DenseDepth(width=0.25, version=version, pretrained=True)
    load_imagenet_encoder(network, tmp_path / "cache")
    loaded = network.encoder.state_dict()
    for key, tensor in source.encoder.state_dict().items():
        assert torch.equal(loaded[key], tensor), key


def test_every_densenet_has_an_address() -> None:
    assert {f"densenet{layers}" for layers in densenet.SIZES} == {
        url.rsplit("/", 1)[-1].split("-")[0] for url in imagenet.URLS.values()
    }
    assert all(f"densenet{layers}-" in url for layers, url in imagenet.URLS.items())


def test_a_wrong_hash_is_refused_and_nothing_kept(server: str, served: Path, tmp_path: Path, content: bytes) -> None:
    (served / "densenet169-00000000.pth").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()[:16]
    with pytest.raises(InputError, match=f"SHA-256 is {digest}..., expected one that starts with 00000000$"):
        load_imagenet_encoder(DenseDepth(0.25), tmp_path / "cache", f"{server}/densenet169-00000000.pth")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_kept_file_that_was_damaged_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / named(content)
    path.write_bytes(content[:-1])
    with pytest.raises(InputError, match=f"^{re.escape(str(path))}: SHA-256 is"):
        load_imagenet_encoder(DenseDepth(0.25), tmp_path, f"http://127.0.0.1:9/{path.name}")


def test_a_failed_download_is_told_in_one_line(server: str, tmp_path: Path) -> None:
    url = f"{server}/densenet169-b2777c0a.pth"
    with pytest.raises(InputError, match=rf"^{re.escape(url)}: the download failed: .*404") as error:
        load_imagenet_encoder(DenseDepth(0.25), tmp_path / "cache", url)
    assert "\n" not in str(error.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_name_without_a_hash_is_refused(server: str, served: Path, tmp_path: Path, content: bytes) -> None:
    (served / "densenet169.pth").write_bytes(content)
    with pytest.raises(InputError, match="the name must end in SHA-256's first digits"):
        load_imagenet_encoder(DenseDepth(0.25), tmp_path / "cache", f"{server}/densenet169.pth")
    assert list((tmp_path / "cache").iterdir()) == []
