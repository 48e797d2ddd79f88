"""Many episodes side by side in one process: what they ask of an energy is computed as one batch.

On scenes of a dozen entities an energy's cost is mostly that of starting its many small operations.
So episodes run in threads ("lanes"), each waits with its scenes until every other lane waits too or
has ended, and the last one computes energies and gradients for all of them. Every row of a batch is
a function of its own scene and code alone, so a lane gets what it would get alone, up to rounding.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast

import torch
from torch import Tensor
from torch.nn import functional

from .model import ConceptModel
from .scene import Scene

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_TENSORS = tuple(f.name for f in fields(Scene) if f.name != "static")
_INPUTS = ("entities", "attention")  # of a scene, what may be asked for a gradient


@dataclass
class _Request:
    """Scenes and codes of a lane, and then their energies and gradients."""

    energy: Callable[[Scene, Tensor], Tensor]
    scene: Scene
    codes: Tensor
    needs: tuple[bool, bool, bool]
    level: Tensor = field(default_factory=lambda: torch.empty(0))
    gradients: tuple[Tensor | None, ...] = ()
    error: BaseException | None = None
    done: bool = False


class Lanes:
    """Runs a function over items in several threads that share their energies' batches."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._condition = threading.Condition()
        self._waiting: list[_Request] = []
        self._running = 0

    def share(self, model: ConceptModel) -> ConceptModel:
        """The model, its energy computed together with other lanes'."""
        return cast(ConceptModel, _SharedModel(model, self))

    def map(self, run: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """The results of `run` for the items, in their order."""
        left, results = list(enumerate(items))[::-1], {}

        def lane() -> None:
            try:
                while left:
                    number, item = left.pop()
                    results[number] = run(item)
            except IndexError:  # another lane took the last one
                if left:
                    raise
            finally:
                self._leave()

        count = min(self._number, len(items))
        self._running = count
        with ThreadPoolExecutor(max(1, count)) as pool:
            for future in [pool.submit(lane) for _ in range(count)]:
                future.result()
        return [results[number] for number in range(len(items))]

    def compute(self, request: _Request) -> None:
        """Fill in a request's energies and gradients, once every lane waits.

        Raises:
            BaseException: what the batch raised.
        """
        with self._condition:
            self._waiting.append(request)
            self._compute_if_all_wait()
            while not request.done:
                self._condition.wait()
        if request.error is not None:
            raise request.error

    def _leave(self) -> None:
        with self._condition:
            self._running -= 1
            self._compute_if_all_wait()

    def _compute_if_all_wait(self) -> None:
        if not self._waiting or len(self._waiting) < self._running:
            return
        requests, self._waiting = self._waiting, []
        groups: dict[tuple[int, bool, tuple[bool, ...]], list[_Request]] = {}
        for item in requests:
            groups.setdefault((id(item.energy), item.scene.static, item.needs), []).append(item)
        for group in groups.values():
            try:
                _compute(group)
            except BaseException as error:  # each lane raises it where it asked
                for item in group:
                    item.error = error
        for item in requests:
            item.done = True
        self._condition.notify_all()


class _SharedModel:
    """A model but for its energy."""

    def __init__(self, model: ConceptModel, lanes: Lanes) -> None:
        self._model = model
        self.energy = _SharedEnergy(model.energy, lanes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


class _SharedEnergy:
    """An energy, computed by the lanes."""

    def __init__(self, energy: Callable[[Scene, Tensor], Tensor], lanes: Lanes) -> None:
        self._energy = energy
        self._lanes = lanes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._energy, name)

    def __call__(self, scene: Scene, codes: Tensor) -> Tensor:
        inputs = [getattr(scene, name) for name in _INPUTS]
        return _RowEnergies.apply(self._lanes, self._energy, scene, *inputs, codes)  # pyright: ignore[reportReturnType]


class _RowEnergies(torch.autograd.Function):
    """Energies (B,) of B scenes, each with gradients in its own row alone."""

    @staticmethod
    def forward(ctx: Any, lanes: Lanes, energy: Any, scene: Scene, *inputs: Tensor) -> Tensor:
        plain = scene.map(Tensor.detach)
        needs = tuple(ctx.needs_input_grad[3:])
        request = _Request(energy=energy, scene=plain, codes=inputs[-1].detach(), needs=needs)
        lanes.compute(request)
        ctx.gradients = request.gradients
        return request.level

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        (output,) = outputs
        found = (
            None if g is None else g * output.view(-1, *[1] * (g.dim() - 1)) for g in ctx.gradients
        )
        return None, None, None, *found


def _compute(group: Sequence[_Request]) -> None:
    """Energies and gradients of requests that ask the same energy for the same."""
    first = group[0]
    rows = max(item.scene.present.shape[1] for item in group)
    tensors = {
        name: torch.cat([_padded(getattr(item.scene, name), rows) for item in group])
        for name in _TENSORS
    }
    scene = Scene(**tensors, static=first.scene.static)
    codes = torch.cat([item.codes for item in group])
    with torch.enable_grad():
        inputs = [*(getattr(scene, name) for name in _INPUTS), codes]
        asked = [value for value, need in zip(inputs, first.needs, strict=True) if need]
        for value in asked:
            value.requires_grad_(True)
        level = first.energy(scene, codes)
        wanted = iter(torch.autograd.grad(level.sum(), asked) if asked else ())
    gradients = [next(wanted) if need else None for need in first.needs]
    begin = 0
    for item in group:
        count, here = len(item.codes), item.scene.present.shape[1]
        part = slice(begin, begin + count)
        item.level = level.detach()[part].clone()
        item.gradients = tuple(
            None if g is None else (g[part] if number == len(_INPUTS) else g[part, :here])
            for number, g in enumerate(gradients)
        )
        begin += count


def _padded(values: Tensor, rows: int) -> Tensor:
    """(B, N, ...) with absent rows up to `rows`."""
    missing = rows - values.shape[1]
    return functional.pad(values, [0, 0] * (values.dim() - 2) + [0, missing]) if missing else values
