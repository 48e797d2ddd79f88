"""Assets are found by name, and a wrong name says what exists."""

from pathlib import Path

import pytest

from conceptgym import assets
from conceptgym.assets import asset_path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An assets folder of two files, beside a file that is none of its business."""
    root = tmp_path / "assets"
    for name in ("panda/panda.xml", "weights/energy.json", "__init__.py", "py.typed"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (tmp_path / "secret.txt").touch()
    monkeypatch.setattr(assets, "files", lambda package: root)
    return root


def test_finds_an_asset(folder: Path):
    assert asset_path("panda/panda.xml") == folder / "panda" / "panda.xml"


def test_reads_the_installed_folder():
    path = asset_path("py.typed")
    assert path == Path(str(assets.__file__)).resolve().parent / "py.typed"


@pytest.mark.parametrize("name", ["panda/pandas.xml", "../secret.txt", "panda", ""])
def test_a_wrong_name_lists_what_exists(folder: Path, name: str):
    with pytest.raises(FileNotFoundError) as error:
        asset_path(name)
    assert str(error.value) == (
        f"no asset named {name!r} in {folder}; pass one of: panda/panda.xml, weights/energy.json"
    )
