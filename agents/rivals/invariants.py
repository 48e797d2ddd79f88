"""Invariants: carries out whatever quantities the demonstrations hold constant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...envs.demonstrations import Demonstration
from ...envs.entities import EntityState
from .base import ON, Shown, check_attention, check_observed, phases_of
from .carrying import Aim, Phase, carry_out
from .features import Features, describe
from .scenes import scenes_of
from .singles import find_edits, find_singles
from .statistics import Law, find_law, right_ones
from .variants import all_attentions, kinds_of, other_attentions, random_edits

_VARIANTS = 512  # random variants of each demonstration's scene
_CONTACTS = ("cursor ", "touched ", "off objects", "least ", "most ", "unequal ")
_PLACES = ("cursor ", "offset ", "distance", "least ", "most ", "unequal ", "nearest", "furthest")


class Invariants:
    """Finds what the demonstrations' ends have in common, and brings it about in a new scene.

    Of every quantity in `features`, it compares the spread over the demonstrations with the
    spread over random variants of the demonstrations' own scenes: edited at random (what generate
    can do) or attended at random (what identify asks). A quantity counts by how much less it
    varies. generate minimises the squared deviations over all that may be edited, identify over
    all attentions of the sizes shown. Nothing is learned before the demonstrations.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._phases: tuple[Phase, ...] = ()
        self._sizes: tuple[tuple[int, int], ...] = ()

    def observe(self, demonstrations: Sequence[Demonstration]) -> None:
        """Weigh every quantity, for each phase by itself."""
        rng = np.random.default_rng(self._seed)
        phases = phases_of(demonstrations)
        self._phases = tuple(_phase_of(rng, shown) for shown in phases)
        sizes = [kinds_of(shown.after, shown.answer) for shown in phases[-1]]
        self._sizes = tuple(sorted(set(sizes)))

    def plan(self, state: EntityState, attention: np.ndarray) -> tuple[np.ndarray, ...]:
        """Entities (N, 7) for each phase, each begun where the last one ended."""
        check_observed(self._phases)
        attended = check_attention(state, attention)
        rng = np.random.default_rng(self._seed)
        plan: list[np.ndarray] = []
        for phase in self._phases:
            plan.append(carry_out(rng, [Aim(phase=phase, attention=attended)], state))
            state = state.with_entities(plan[-1])
        return tuple(plan)

    def plan_together(
        self, others: Sequence[Invariants], state: EntityState, attentions: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Entities (N, 7) that deviate least from what it and `others` saw, all at once.

        Args:
            others: who saw the other concepts.
            state: the scene.
            attentions: (T, N) bool, whom each concept is about, its own first.
        """
        aims = []
        for rival, attention in zip((self, *others), attentions, strict=True):
            check_observed(rival._phases)
            attended = check_attention(state, attention)
            aims.append(Aim(phase=rival._phases[-1], attention=attended))
        return (carry_out(np.random.default_rng(self._seed), aims, state),)

    def identify(self, state: EntityState) -> np.ndarray:
        """(N,) bool, the attention under which the scene deviates least."""
        check_observed(self._phases)
        last = self._phases[-1]
        if last.singles is not None:
            return last.singles.identify(state)
        rng = np.random.default_rng(self._seed)
        best, least = np.zeros(state.present.shape, dtype=bool), np.inf
        for size in self._sizes:
            candidates = all_attentions(rng, state, size)
            if not len(candidates):
                continue
            found = describe(scenes_of(state, state.entities[None], candidates))
            costs = np.log1p(last.attentions.deviations(found) ** 2).sum(1)
            if costs.min() < least:
                best, least = candidates[costs.argmin()], float(costs.min())
        return best


def _phase_of(rng: np.random.Generator, shown: Sequence[Shown]) -> Phase:
    against_edits = [_against_edits(rng, each) for each in shown]
    against_others = [_against_others(rng, each) for each in shown]
    if len(shown) == 1:
        against_edits, against_others = _of_one(against_edits[0], against_others[0])

    def laws(rows: Sequence[int], *, hints: bool = False) -> tuple[Law, Law]:
        return (
            _law_of([against_edits[row] for row in rows], hints=hints),
            _law_of([against_others[row] for row in rows]),
        )

    right = right_ones(len(shown), lambda rows: sum(law.gain for law in laws(rows)))
    believed = [shown[row] for row in right]
    edits, attentions = laws(right, hints=True)
    return Phase(
        shown=tuple(believed),
        edits=edits,
        single_edits=find_edits(rng, believed),
        attentions=attentions,
        singles=find_singles(believed, attentions),
    )


@dataclass(frozen=True, kw_only=True)
class _Contrast:
    """Quantities of a demonstration, (1,) each, and of M variants of it, some of them distinct."""

    shown: Features
    chance: Features
    distinct: int

    def only(self, names: Collection[str]) -> _Contrast:
        """The same with no other quantities."""
        return replace(
            self,
            shown={name: value for name, value in self.shown.items() if name in names},
            chance={name: value for name, value in self.chance.items() if name in names},
        )


def _against_edits(rng: np.random.Generator, shown: Shown) -> _Contrast:
    """A demonstration's end beside random edits of it."""
    state, attention = shown.after, shown.attention[None]
    drawn = random_edits(rng, state, _VARIANTS)
    return _Contrast(
        shown=describe(scenes_of(state, state.entities[None], attention)),
        chance=describe(scenes_of(state, drawn, attention)),
        distinct=_VARIANTS,
    )


def _against_others(rng: np.random.Generator, shown: Shown) -> _Contrast | None:
    """What is meant beside as many other entities; None where nothing else could be meant."""
    state, entities = shown.after, shown.after.entities[None]
    others = other_attentions(rng, state, shown.answer, _VARIANTS)
    if not len(others):
        return None
    padded = np.resize(others, (_VARIANTS, len(state.present)))
    return _Contrast(
        shown=describe(scenes_of(state, entities, shown.answer[None])),
        chance=describe(scenes_of(state, entities, padded)),
        distinct=len(others),
    )


def _of_one(
    edits: _Contrast, others: _Contrast | None
) -> tuple[list[_Contrast], list[_Contrast | None]]:
    """What a single demonstration is taken to be about.

    It holds everything constant, and no spread tells what matters. So if the cursor rests on an
    object, it is about which one; if not, about how the cursor stands to what is attended, not to
    the plane or the rest. What is meant is told by what the edit could change.
    """
    rests = float(edits.shown.get("off objects", np.array([np.inf]))[0]) <= ON
    away = _PLACES if rests else _CONTACTS
    kept = {name for name in edits.shown if not name.startswith(away)}
    changed = {name for name in kept if np.ptp(edits.chance[name]) > 0.0}
    # An object that the cursor rests on may be meant for its colour, which no edit changes.
    told = others if rests else others and others.only(changed)
    return [edits.only(kept)], [told]


def _law_of(contrasts: Sequence[_Contrast | None], *, hints: bool = False) -> Law:
    found = [each for each in contrasts if each is not None]
    return find_law(
        [each.shown for each in found],
        [each.chance for each in found],
        hints=hints,
        distinct=[each.distinct for each in found],
    )
