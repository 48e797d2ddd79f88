"""Many episodes side by side in one process: what they ask of an energy is computed as one batch.

On scenes of a dozen entities an energy's cost is mostly that of starting its many small operations.
So episodes run in threads ("lanes") that take turns: each runs until it asks for energies, and
waits. Once all wait, the question that most scenes wait for is answered for all of them together.
Every row of a batch is a function of its own scene and code alone, so a lane gets what it would get
alone, up to rounding. Which batches there are depends on the items alone, never on timing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor

from ..model import ConceptModel
from ..scene import Scene
from .energies import INPUTS, TENSORS, Answer, Energies, Energy, Needs, padded

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class _Lane:
    """A thread that runs only while it has the turn."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._work = work
        self._turn, self._back = threading.Lock(), threading.Lock()
        self._turn.acquire()
        self._back.acquire()
        threading.Thread(target=self._run, daemon=True).start()

    def resume(self) -> None:
        """Give it the turn, until it waits or ends."""
        self._turn.release()
        self._back.acquire()

    def wait(self) -> None:
        """Called in the lane: give the turn back, until the next one."""
        self._back.release()
        self._turn.acquire()

    def _run(self) -> None:
        self._turn.acquire()
        try:
            self._work()
        except BaseException as error:  # whoever gave the turn raises it
            self.error = error
        self._back.release()


@dataclass(eq=False)
class _Request:
    """Scenes of one size that a lane waits with, and then their energies and gradients.

    Attributes:
        lane: who waits, maybe with other sizes besides.
        energy, scene, codes, needs: what is asked.
        size: rows to compute with, 0 for as many as the batch has.
        rows: (B,) numbers of the scenes among all those that the lane asks about.
    """

    lane: _Lane
    energy: Energy
    scene: Scene
    codes: Tensor
    needs: Needs
    size: int
    rows: Tensor
    answer: Answer | None = None
    error: BaseException | None = None


class Lanes:
    """Runs a function over items in several threads that share their energies' batches."""

    def __init__(self, number: int, energies: Energies | None = None) -> None:
        """Prepare.

        Args:
            number: of lanes.
            energies: how batches are computed, by default as they come.
        """
        self._number = number
        self._energies = energies or Energies()
        self._waiting: list[_Request] = []
        self._running: _Lane | None = None

    def share(self, model: ConceptModel) -> ConceptModel:
        """The model, its energy computed together with other lanes'."""
        return cast(ConceptModel, _SharedModel(model, self))

    def map(self, run: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """The results of `run` for the items, in their order.

        Raises:
            BaseException: what `run` raised first; the other lanes are ended.
        """
        left, results = list(enumerate(items))[::-1], {}

        def work() -> None:
            while left:
                number, item = left.pop()
                results[number] = run(item)

        try:
            for _ in range(min(self._number, len(items))):
                self._resume(_Lane(work))
            while self._waiting:
                for request in self._answer():
                    self._waiting.remove(request)
                    if all(item.lane is not request.lane for item in self._waiting):
                        self._resume(request.lane)
        finally:
            left.clear()
            for request in self._waiting:  # only after an error
                request.error = CancelledError()
            for lane in dict.fromkeys(request.lane for request in self._waiting):
                lane.resume()
            self._waiting, self._running = [], None
        return [results[number] for number in range(len(items))]

    def _resume(self, lane: _Lane) -> None:
        self._running = lane
        lane.resume()
        self._running = None
        if lane.error is not None:
            raise lane.error

    def compute(self, energy: Energy, scene: Scene, codes: Tensor, needs: Needs) -> Answer:
        """Energies and gradients: at once, or, asked for in a lane, together with other lanes'.

        Raises:
            BaseException: what the batch raised.
        """
        if self._running is None:
            return self._energies(energy, scene, codes, needs)
        lane, sizes = self._running, torch.tensor(self._energies.sizes(scene.present))
        requests = []
        for size in sizes.unique().tolist():
            rows = (sizes == size).nonzero()[:, 0]
            part = scene.take(rows)
            if size:
                part = part.map(lambda value, size=size: value[:, :size])
            requests.append(_Request(lane, energy, part, codes[rows], needs, size, rows))
        self._waiting += requests
        lane.wait()
        for request in requests:
            if request.error is not None:
                raise request.error
        return _joined(requests, [getattr(scene, name) for name in INPUTS] + [codes])

    def _answer(self) -> list[_Request]:
        """Answer some of the requests that wait: of those that can be batched, the most scenes."""
        groups: dict[tuple[Any, ...], list[_Request]] = {}
        for item in self._waiting:
            kind = (id(item.energy), item.scene.static, item.needs, item.size)
            groups.setdefault(kind, []).append(item)
        batch = _whole_chunks(max(groups.values(), key=_scenes), self._energies.chunk)
        try:
            _compute(batch, self._energies)
        except BaseException as error:  # each lane raises it where it asked
            for item in batch:
                item.error = error
        return batch


class _SharedModel:
    """A model but for its energy."""

    def __init__(self, model: ConceptModel, lanes: Lanes) -> None:
        self._model = model
        self.energy = _SharedEnergy(model.energy, lanes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)


class _SharedEnergy:
    """An energy, computed by the lanes."""

    def __init__(self, energy: Energy, lanes: Lanes) -> None:
        self._energy = energy
        self._lanes = lanes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._energy, name)

    def __call__(self, scene: Scene, codes: Tensor) -> Tensor:
        inputs = [getattr(scene, name) for name in INPUTS]
        return _RowEnergies.apply(self._lanes, self._energy, scene, *inputs, codes)  # pyright: ignore[reportReturnType]


class _RowEnergies(torch.autograd.Function):
    """Energies (B,) of B scenes, each with gradients in its own row alone."""

    @staticmethod
    def forward(ctx: Any, lanes: Lanes, energy: Any, scene: Scene, *inputs: Tensor) -> Tensor:
        needs = tuple(ctx.needs_input_grad[3:])
        plain = scene.map(Tensor.detach)
        level, ctx.gradients = lanes.compute(energy, plain, inputs[-1].detach(), needs)
        return level

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, ...]:
        (output,) = outputs
        found = (
            None if g is None else g * output.view(-1, *[1] * (g.dim() - 1)) for g in ctx.gradients
        )
        return None, None, None, *found


def _scenes(group: Sequence[_Request]) -> int:
    return sum(len(item.codes) for item in group)


def _whole_chunks(group: Sequence[_Request], chunk: int) -> list[_Request]:
    """The first requests of a group that together fill chunks; all if they do not fill one."""
    most = _scenes(group) // chunk * chunk
    batch, total = [], 0
    for item in group:
        total += len(item.codes)
        if batch and 0 < most < total:
            break
        batch.append(item)
    return batch


def _joined(requests: Sequence[_Request], inputs: Sequence[Tensor]) -> Answer:
    """The answers to one question's parts, put together; absent rows have no gradient."""
    level = inputs[-1].new_zeros(len(inputs[-1]))
    gradients = [
        torch.zeros_like(v) if n else None for v, n in zip(inputs, requests[0].needs, strict=True)
    ]
    for request in requests:
        if request.answer is None:
            raise RuntimeError("a lane was resumed without an answer")
        part, found = request.answer
        level[request.rows] = part
        for whole, own in zip(gradients, found, strict=True):
            if whole is not None and own is not None:
                whole[request.rows, : own.shape[1]] = own
    return level, tuple(gradients)


def _compute(group: Sequence[_Request], energies: Energies) -> None:
    """Answer requests that ask the same energy for the same."""
    first = group[0]
    rows = max(first.size, *(item.scene.present.shape[1] for item in group))
    tensors = {
        name: torch.cat([padded(getattr(item.scene, name), rows) for item in group])
        for name in TENSORS
    }
    scene = Scene(**tensors, static=first.scene.static)
    codes = torch.cat([item.codes for item in group])
    level, gradients = energies(first.energy, scene, codes, first.needs)
    begin = 0
    for item in group:
        count, here = len(item.codes), item.scene.present.shape[1]
        part = slice(begin, begin + count)
        own = (
            None if g is None else (g[part] if number == len(INPUTS) else g[part, :here])
            for number, g in enumerate(gradients)
        )
        item.answer = level[part].clone(), tuple(own)
        begin += count
