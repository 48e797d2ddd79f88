"""How batches of energies and gradients are computed: as they come, or compiled.

An energy consists of many small operations, and most of its time goes into reading and writing what
is between them. `torch.compile` fuses them, for tensors of one shape: so batches are cut into
chunks of one number of scenes, and scenes are padded with absent rows to one of a few sizes. Both
ways give the same numbers up to rounding.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from ..energy import ConceptEnergy
from ..scene import Scene

Energy = Callable[[Scene, Tensor], Tensor]
Run = Callable[..., Tensor]
Needs = tuple[bool, bool, bool]
"""Of which inputs gradients are asked for: entities, attention, codes."""
Answer = tuple[Tensor, tuple[Tensor | None, ...]]
"""Energies (B,), and their gradients in the inputs that were asked for, each like its input."""

TENSORS = tuple(f.name for f in fields(Scene) if f.name != "static")
INPUTS = ("entities", "attention")
"""Of a scene, what may be asked for a gradient."""
_SCENES = 32  # of a compiled chunk: more gain little, and leave more rows empty at the end
_SIZES = (6, 9, 13, 16)  # rows of scenes: the cursor and up to 5, 8 or 12 objects, or anything
_AFTER = 10_000  # scenes that take about as long as compiling
_COMPILERS = {"darwin": "clang++", "win32": "cl"}  # what inductor runs, elsewhere g++
_REASON = 200  # letters of an error that are shown


class Turn(Protocol):
    """A lock, of processes or threads."""

    def acquire(self, block: bool = ..., /) -> bool:
        """Take it; if it is taken, wait or return False."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class Energies:
    """Energies and gradients as they come, a chunk at a time."""

    chunk = _SCENES
    """Scenes that a batch had best be a multiple of."""

    def sizes(self, present: Tensor) -> list[int]:
        """With how many rows to compute scenes (B, N), each apart from other sizes.

        0 stands for any number, together with any other.
        """
        return [0] * len(present)

    def __call__(self, energy: Energy, scene: Scene, codes: Tensor, needs: Needs) -> Answer:
        """Compute B scenes under their codes (B, code_size), each a function of its own alone."""
        tensors = [*_tensors_of(scene), codes]
        return self._in_chunks(partial(_level, energy, scene.static), tensors, needs)

    def _in_chunks(self, run: Run, tensors: Sequence[Tensor], needs: Needs) -> Answer:
        parts = zip(*(value.split(self.chunk) for value in tensors), strict=True)
        levels, gradients = zip(*(_differentiate(run, part, needs) for part in parts), strict=True)
        joined = (
            None if parts[0] is None else torch.cat(parts) for parts in zip(*gradients, strict=True)
        )
        return torch.cat(levels), tuple(joined)


class CompiledEnergies(Energies):
    """Energies and gradients by `torch.compile`, a function for each energy, question and size.

    Learned energies of one configuration share theirs: their weights are its arguments.
    """

    def __init__(
        self, *, after: int = _AFTER, backend: str = "inductor", turn: Turn | None = None
    ) -> None:
        """Prepare; what is asked for seldom is not compiled.

        Args:
            after: scenes of a kind that are computed as they come before the kind is compiled.
            backend: of `torch.compile`.
            turn: held while compiling. A process that does not get it goes on uncompiled: what
                another compiles meanwhile, it will find in inductor's cache.
        """
        self._after = after
        self._backend = backend
        self._turn = threading.Lock() if turn is None else turn
        self._asked: Counter[tuple[Any, ...]] = Counter()
        self._compiled: dict[tuple[Any, ...], Run] = {}

    def sizes(self, present: Tensor) -> list[int]:
        """The smallest of a few sizes that each scene's entities (B, N) fit into."""
        numbers = torch.arange(1, present.shape[1] + 1)
        used = (present * numbers).amax(1).int().tolist()
        return [min((size for size in _SIZES if size >= rows), default=rows) for rows in used]

    def __call__(self, energy: Energy, scene: Scene, codes: Tensor, needs: Needs) -> Answer:
        """Compute B scenes under their codes (B, code_size), each a function of its own alone."""
        alike = energy.config if isinstance(energy, ConceptEnergy) else energy
        kind = (alike, scene.static, needs, scene.present.shape[1])
        self._asked[kind] += len(codes)
        if kind in self._compiled:
            return self._filled_up(self._compiled[kind], energy, scene, codes, needs)
        if self._asked[kind] <= self._after or not self._turn.acquire(False):
            return super().__call__(energy, scene, codes, needs)
        try:
            compiled = self._compile()
            answer = self._filled_up(compiled, energy, scene, codes, needs)
            self._compiled[kind] = compiled
            return answer
        except RuntimeError as error:  # an energy's own error comes again below
            reason = " ".join(str(error).split())[:_REASON]
            warnings.warn(f"compile: failed, so no more is compiled: {reason}", stacklevel=2)
            self._after = sys.maxsize
            return super().__call__(energy, scene, codes, needs)
        finally:
            self._turn.release()

    def _filled_up(
        self, compiled: Run, energy: Energy, scene: Scene, codes: Tensor, needs: Needs
    ) -> Answer:
        """What it gives in full chunks: the last scene again, until the last one is full."""
        tensors = [*_tensors_of(scene), codes]
        missing = -len(codes) % self.chunk
        if missing:
            tensors = [torch.cat([v, v[-1:].expand(missing, *v.shape[1:])]) for v in tensors]
        run = partial(compiled, energy, scene.static)
        level, gradients = self._in_chunks(run, tensors, needs)
        kept = slice(0, len(codes))
        return level[kept], tuple(None if g is None else g[kept] for g in gradients)

    def _compile(self) -> Run:
        # Recompilations are counted and limited, and all energies and kinds share this code.
        return torch.compile(  # pyright: ignore[reportCallIssue]
            _level, fullgraph=True, dynamic=False, backend=self._backend, isolate_recompiles=True
        )


def _tensors_of(scene: Scene) -> list[Tensor]:
    return [getattr(scene, name) for name in TENSORS]


def _level(energy: Energy, static: bool, *tensors: Tensor) -> Tensor:
    """The energies (B,) of scenes whose tensors are given, the codes as the last one."""
    *parts, codes = tensors
    return energy(Scene(**dict(zip(TENSORS, parts, strict=True)), static=static), codes)


def _differentiate(run: Run, tensors: Sequence[Tensor], needs: Needs) -> Answer:
    """The levels of `run`, and their gradients in entities, attention, codes where needed."""
    places = [*(TENSORS.index(name) for name in INPUTS), len(TENSORS)]
    tensors = [value.detach() for value in tensors]  # others' flags stay as they are
    asked = [tensors[place] for place, need in zip(places, needs, strict=True) if need]
    for value in asked:
        value.requires_grad_(True)
    with torch.set_grad_enabled(bool(asked)):
        level = run(*tensors)
        found = iter(torch.autograd.grad(level.sum(), asked) if asked else ())
    return level.detach(), tuple(next(found) if need else None for need in needs)


def energies(*, compiled: bool, turn: Turn | None = None) -> Energies:
    """The way to compute them; without a C++ compiler as they come, with a warning.

    Args:
        compiled: whether to compile what is asked for often.
        turn: of processes that do so side by side.
    """
    if not compiled:
        return Energies()
    compiler = os.environ.get("CXX", _COMPILERS.get(sys.platform, "g++"))
    if shutil.which(compiler) is None:
        warnings.warn(
            f"compile: found no C++ compiler {compiler!r}, so energies are computed without, half "
            "as fast; install it, set CXX to another, or pass --no-compile",
            stacklevel=2,
        )
        return Energies()
    return CompiledEnergies(turn=turn)


def padded(values: Tensor, rows: int) -> Tensor:
    """(B, N, ...) with absent rows up to `rows`."""
    missing = rows - values.shape[1]
    return functional.pad(values, [0, 0] * (values.dim() - 2) + [0, missing]) if missing else values
