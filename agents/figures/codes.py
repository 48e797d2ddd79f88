"""Codes in two dimensions: the learned part of w, inferred for many concepts, coloured by concept.

One code is to serve both tasks: demonstrations that *find* things of a colour (nothing changes,
they are only attended) and demonstrations that *make* things that colour (they are painted) should
be given the same code. Both are drawn, with markers of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from ...envs.concepts import CONCEPTS, Concept
from ...envs.demonstrations import Demonstration
from ..code import PLAIN_SIZE
from ..config import InferenceConfig
from ..data import draw_event, training_families
from ..evaluation.scenes import demonstrate
from ..infer import infer
from ..model import ConceptModel
from .saving import save_figure

_SEED = 888_000  # apart from training's and evaluation's seeds
_RED = 20.0  # [degrees], widest turn from red that still counts as red
MAKE, FIND = "make", "find"


@dataclass(frozen=True, kw_only=True)
class Codes:
    """Learned parts of codes, each from five demonstrations.

    Attributes:
        values: (M, D) the codes.
        concepts: (M,) names; `CONCEPTS` of one phase, and "red".
        ways: (M,) `MAKE` where the demonstrations show the change, `FIND` where only its outcome.
    """

    values: np.ndarray
    concepts: tuple[str, ...]
    ways: tuple[str, ...]

    @property
    def planar(self) -> np.ndarray:
        """(M, 2) the coordinates along the two directions in which the codes vary most."""
        centred = self.values - self.values.mean(axis=0)
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        return centred @ directions[:2].T

    def of(self, concept: str, way: str) -> np.ndarray:
        """(K, D) the codes of one concept, shown in one way."""
        pairs = zip(self.concepts, self.ways, strict=True)
        return self.values[[pair == (concept, way) for pair in pairs]]

    @property
    def gap(self) -> float:
        """How far apart finding and making red are, in mean distances between two concepts."""
        make, find = (self.of("red", way).mean(axis=0) for way in (MAKE, FIND))
        return float(np.linalg.norm(make - find)) / self._apart

    @property
    def same_hue(self) -> float:
        """Likewise for the very same hue, from the same scenes; the mean over hues."""
        make, find = (self.of("red", way) for way in (MAKE, FIND))
        return float(np.linalg.norm(make - find, axis=-1).mean()) / self._apart

    @property
    def met(self) -> tuple[int, int]:
        """How many codes of finding red have making things a colour for their nearest concept."""
        names = list(dict.fromkeys(self.concepts))
        middles = np.array([self.of(name, MAKE).mean(axis=0) for name in names])
        found = self.of("red", FIND)
        nearest = np.linalg.norm(found[:, None] - middles, axis=-1).argmin(axis=1)
        return sum(names[number] in ("red", "colour") for number in nearest), len(found)

    @property
    def _apart(self) -> float:
        """Mean distance between two concepts, each at the mean of its codes."""
        middles = np.array([self.of(n, MAKE).mean(axis=0) for n in dict.fromkeys(self.concepts)])
        apart = np.linalg.norm(middles[:, None] - middles[None], axis=-1)
        return float(apart[np.triu_indices(len(middles), 1)].mean())


def infer_codes(model: ConceptModel, *, each: int = 12, demonstrations: int = 5) -> Codes:
    """Infer `each` codes a concept, of new parameters each, and as many of finding things red."""
    rng = np.random.default_rng(_SEED)
    values, names, ways = [], [], []
    for name in (*training_families(), "red"):
        for _ in range(each):
            concept = _draw(name, rng)
            shown = [demonstrate(draw_event(concept, rng)) for _ in range(demonstrations)]
            for way in (MAKE, FIND) if name == "red" else (MAKE,):
                values.append(_learned(model, shown if way == MAKE else _still(shown)))
                names.append(name)
                ways.append(way)
    return Codes(values=np.stack(values), concepts=tuple(names), ways=tuple(ways))


def draw_codes(codes: Codes, path: Path) -> Path:
    """Write a PNG of the codes' two main directions."""
    figure = Figure(figsize=(9.5, 6.4), layout="constrained")
    axis = figure.subplots()
    places, colours = codes.planar, mpl.colormaps["tab20"]
    names = [name for name in dict.fromkeys(codes.concepts) if name != "red"]
    for number, name in enumerate(names):
        here = places[np.array(codes.concepts) == name]
        marker = "os^Dv"[number // 20 % 5]
        axis.scatter(*here.T, color=colours(number % 20), s=26, marker=marker, label=name)
    for way, marker in ((MAKE, "o"), (FIND, "X")):
        pairs = zip(codes.concepts, codes.ways, strict=True)
        here = places[[pair == ("red", way) for pair in pairs]]
        # Hollow, large and behind: red is one of the colours, whose own points are to be seen.
        axis.scatter(
            *here.T,
            facecolor="none",
            edgecolor="red",
            s=150,
            linewidth=1.2,
            zorder=0.9,
            marker=marker,
            label=f"{way} red",
        )
    axis.set(
        xlabel="first principal direction of w's learned part, of concepts of one phase",
        ylabel="second",
        title=f"make red to find red: {codes.gap:.2f} of the mean distance between two concepts",
    )
    figure.legend(loc="outside right center", fontsize=8)
    save_figure(figure, path, dpi=110)
    return path


def _draw(name: str, rng: np.random.Generator) -> Concept:
    if name == "red":
        return CONCEPTS["colour"](hue=float(rng.uniform(-_RED, _RED)) % 360.0)  # pyright: ignore[reportCallIssue]
    return CONCEPTS[name].random(rng, split="train")


def _still(shown: Sequence[Demonstration]) -> list[Demonstration]:
    """The outcomes alone: nothing changes, and nothing may be changed."""
    nothing = np.zeros_like(shown[0].movable)
    return [
        replace(item, trajectory=item.trajectory[[-1, -1]], movable=nothing, paintable=nothing)
        for item in shown
    ]


def _learned(model: ConceptModel, shown: Sequence[Demonstration]) -> np.ndarray:
    return infer(model, shown, config=InferenceConfig()).code[:-PLAIN_SIZE]
