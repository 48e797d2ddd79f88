"""A picture is replaced as a whole or not at all."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from conceptgym.agents.figures.saving import save_figure


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_a_figure_is_written_into_new_folders(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / f"a{suffix}"
    for _ in range(2):
        save_figure(Figure(figsize=(2.0, 1.0)), path, dpi=50)
    assert list(path.parent.iterdir()) == [path]
    if suffix == ".png":
        with Image.open(path) as image:
            assert image.size == (100, 50)


def test_what_was_there_stays_if_drawing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(figure: Figure, path: Path, **_: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", cut_off)
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        save_figure(Figure(), path, dpi=50)
    assert list(tmp_path.iterdir()) == [path] and path.read_bytes() == b"old"
