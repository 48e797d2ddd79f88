"""Scripts end bad input with its text, not with a traceback."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_an_unknown_concept_ends_with_its_text(tmp_path: Path) -> None:
    line = [sys.executable, str(ROOT / "scripts" / "demo.py"), "--concept", "foo"]
    done = subprocess.run(
        [*line, "--out", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("error: concept='foo' is unknown; choose one of colour,")
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
