"""Another project's environment, timed in a Python of its own: its packages do not go with ours."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..envs.errors import ConfigError

HOW_TO_GET = (
    "python3 -m venv /tmp/fetch && "
    "/tmp/fetch/bin/pip install 'gymnasium-robotics==1.4.2' 'mujoco==3.11.*', "
    "then --peer-python /tmp/fetch/bin/python"
)
"""Commands for gymnasium-robotics: it fails on our MuJoCo."""
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Peer:
    """A process that times an environment on request, see `scripts/peers/fetch.py`.

    Attributes:
        facts: what it says of itself.
    """

    def __init__(self, python: Path | str, script: Path) -> None:
        """Start it.

        Args:
            python: the Python that has the peer's packages.
            script: what that Python runs: the first line it prints is a JSON object.

        Raises:
            ConfigError: if there is no such Python, or it lacks what the script needs.
        """
        self._python = str(python)
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115, it lives as long as the process
        try:
            self._process = subprocess.Popen(
                [self._python, str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **_ONE_THREAD},
                text=True,
            )
        except OSError as error:
            self._errors.close()
            reason = error.strerror or str(error)
            raise ConfigError(
                f"peer_python={self._python!r} cannot be run: {reason}; get one with: {HOW_TO_GET}"
            ) from None
        try:
            self.facts: dict[str, Any] = self._read(dict)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self) -> float:
        """Begin an episode; the seconds that took."""
        return self._ask("reset")

    def run(self, steps: int) -> float:
        """Seconds of so many steps with random actions."""
        return self._ask(f"run {steps}")

    def work(self, steps: int) -> float:
        """Seconds of so many steps of the peer's own task, done by a script."""
        return self._ask(f"work {steps}")

    def close(self) -> None:
        """End the process."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                with suppress(BrokenPipeError):
                    pipe.close()
        try:
            process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._errors.close()

    def _ask(self, request: str) -> float:
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            raise ConfigError("the peer was closed; start another")
        with suppress(BrokenPipeError):  # it has ended: there is no answer to read, which says why
            pipe.write(request + "\n")
            pipe.flush()
        return self._read(float)

    def _read(self, kind: type) -> Any:
        pipe = self._process.stdout
        line = "" if pipe is None else pipe.readline()
        if not line:
            raise self._broken(f"it ended: {self._last_words()}")
        try:
            answer = json.loads(line)
        except json.JSONDecodeError:
            answer = None
        if isinstance(answer, dict) and "error" in answer:
            raise self._broken(answer["error"])
        if not isinstance(answer, kind):
            raise self._broken(f"it answered {line.strip()!r}")
        return answer

    def _broken(self, reason: str) -> ConfigError:
        return ConfigError(
            f"peer_python={self._python!r} cannot run the peer: {reason}; "
            f"get one that can with: {HOW_TO_GET}"
        )

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        return lines[-1] if lines else f"exit status {self._process.returncode}"
