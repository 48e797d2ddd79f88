"""Scripts end bad input with its text, not with a traceback."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from conceptgym.agents.cli import run_script

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Nothing:
    """A command line without flags."""


def test_an_unknown_concept_ends_with_its_text(tmp_path: Path) -> None:
    line = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--concept", "foo"]
    done = subprocess.run(
        [*line, "--out", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("error: concept='foo' is unknown; choose one of colour,")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_ends_with_its_text(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("kept")

    def main(args: Nothing) -> None:
        (tmp_path / "out").mkdir()

    with pytest.raises(SystemExit) as caught, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["script"])
        run_script(main, Nothing, None)
    assert str(caught.value).startswith("error: [Errno 17] File exists:")
    assert (tmp_path / "out").read_text() == "kept"
