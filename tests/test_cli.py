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


@dataclass(frozen=True)
class Several:
    """A command line with one flag of several values."""

    some_names: tuple[str, ...] = ()


def parsed(line: list[str], patch: pytest.MonkeyPatch) -> list[Several]:
    """What `run_script` hands to a script."""
    found: list[Several] = []
    patch.setattr(sys, "argv", ["script", *line])
    run_script(found.append, Several, None)
    return found


def test_several_values_follow_one_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsed(["--some-names", "a=1", "b"], monkeypatch) == [Several(some_names=("a=1", "b"))]


@pytest.mark.parametrize(
    "line", [["--some-names", "a", "--some-names", "b"], ["--some_names=a", "--some-names", "b"]]
)
def test_a_flag_given_twice_is_refused(line: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(line, monkeypatch)
    assert str(caught.value) == (
        "error: --some-names is given 2 times, but only the last would count; name all its values "
        "after one, as in --some-names A B"
    )


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
