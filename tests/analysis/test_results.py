"""Reading results: whole, missing, damaged, and whole but without what is asked for."""

from pathlib import Path

import numpy as np
import pytest

from packdepth.analysis.results import COLUMNS, read_csv, read_json, read_npz
from packdepth.errors import InputError


def test_what_is_there_is_read(tmp_path: Path):
    (tmp_path / "a.json").write_text('{"a": {"b": [1, {"c": 2}]}}')
    content = read_json(tmp_path / "a.json")
    assert content == {"a": {"b": [1, {"c": 2}]}}
    assert content | {"d": 3} == {"a": {"b": [1, {"c": 2}]}, "d": 3}
    assert content.get("d") is None
    assert "d" not in content


@pytest.mark.parametrize("way", [(), ("a",), ("a", "b", 1)])
def test_a_key_that_a_file_lacks_is_named_with_it(tmp_path: Path, way):
    (tmp_path / "a.json").write_text('{"a": {"b": [1, {"c": 2}]}}')
    content = read_json(tmp_path / "a.json")
    for key in way:
        content = content[key]
    with pytest.raises(InputError, match=r"a\.json: without 'headline'; remove it, and `snakemake` makes it again"):
        content["headline"]


def test_an_array_that_a_file_lacks_is_named_with_it(tmp_path: Path):
    np.savez(tmp_path / "samples.npz", rgb=np.ones(2))
    content = read_npz(tmp_path / "samples.npz")
    assert content["rgb"].tolist() == [1, 1]
    with pytest.raises(InputError, match=r"samples\.npz: without 'truth'"):
        content["truth"]


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_column_that_a_table_lacks_is_named_with_it(tmp_path: Path, name: str):
    *kept, lacking = COLUMNS[name]
    (tmp_path / name).write_text(",".join([*kept, "other"]) + "\n")
    with pytest.raises(InputError, match=rf"{name}: without '{lacking}'"):
        read_csv(tmp_path / name)
    (tmp_path / name).write_text(",".join(COLUMNS[name]) + "\n")
    assert tuple(read_csv(tmp_path / name)) == COLUMNS[name]


@pytest.mark.parametrize("read", [read_json, read_csv, read_npz])
def test_missing_and_damaged(tmp_path: Path, read):
    with pytest.raises(InputError, match="not there yet; `snakemake` makes it"):
        read(tmp_path / "a")
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(InputError, match=r"a: damaged \(.*\); remove it"):
        read(tmp_path / "a")
