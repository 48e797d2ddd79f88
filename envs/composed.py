"""`conceptgym/ParticleCompose-v0` and `ArmPlaceCompose-v0`: several concepts at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces

from .arm_place import ArmPlaceEnv
from .concept_env import ConceptEnv
from .concepts import Composed, ComposedEvent, Concept, compose
from .concepts.composed_terms import MOST_TERMS
from .entities import MAX_ENTITIES
from .errors import UnknownConceptError
from .particle import ParticleEnv
from .spaces import Observation

_DEFAULT = ("left_of", "near")


class ComposedWorld(ConceptEnv):
    """What a world of several concepts has over one of a single concept; task "generate" only.

    Success is judged by `Composed`: all terms hold, each for its own entities; the residual is the
    largest of theirs, in tolerances.

    Observation: that of the world, in which `attention` is the union of the terms', and

    | key          | space                | meaning                                             |
    |--------------|----------------------|-----------------------------------------------------|
    | `attentions` | MultiBinary (4, 16)  | each term's attended entities; unused rows are zero |
    """

    composes: ClassVar[bool] = True

    def __init__(
        self, concept: Composed | Sequence[str | Concept] = _DEFAULT, **options: Any
    ) -> None:
        """Make the world; options as in the world of one concept.

        Args:
            concept: a composition, or the concepts or names to compose.
            **options: as there.

        Raises:
            UnknownConceptError: on an unknown concept, or a task other than "generate".
            ConceptParameterError: on concepts that cannot be composed.
        """
        if not isinstance(concept, Composed):
            concept = compose(*_terms_of(concept))
        super().__init__(concept, **options)
        self.terms = concept.terms
        known = self.observation_space
        if not isinstance(known, spaces.Dict):
            raise TypeError(f"observation_space is {known}, expected a Dict")
        own = spaces.MultiBinary((MOST_TERMS, MAX_ENTITIES))
        self.observation_space = spaces.Dict({**known.spaces, "attentions": own})

    @property
    def event(self) -> ComposedEvent:
        """The current scene as it was drawn; for judges, not for policies."""
        event = super().event
        if not isinstance(event, ComposedEvent):
            raise TypeError(f"event is a {type(event).__name__}, expected a ComposedEvent")
        return event

    def observe(self) -> Observation:
        """The observation of the current state."""
        attentions = np.zeros((MOST_TERMS, MAX_ENTITIES), dtype=np.int8)
        attentions[: len(self.terms)] = self.event.attentions
        return {**super().observe(), "attentions": attentions}

    def residual(self) -> float:
        """The largest of the terms' residuals, in tolerances."""
        return self._progress.residual(self.state, self.event.attentions)

    def _advance(self, *, at_rest: bool) -> tuple[float, bool, bool]:
        return self._progress.advance(self.state, self.event.attentions, at_rest=at_rest)

    def _tasks(self) -> tuple[str, ...]:
        return tuple(task for task in super()._tasks() if task == "generate")


class ParticleComposeEnv(ComposedWorld, ParticleEnv):
    """`ParticleEnv` for two to four concepts at once, see `ComposedWorld`."""


class ArmPlaceComposeEnv(ComposedWorld, ArmPlaceEnv):
    """`ArmPlaceEnv` for two to four concepts at once, see `ComposedWorld`; none may paint."""


def _terms_of(concept: Any) -> Iterable[Any]:
    """What is to be composed; anything but concepts and names is refused one by one."""
    if isinstance(concept, str | Concept):
        return [concept]
    if not isinstance(concept, Iterable):
        raise UnknownConceptError(
            f"concept={concept!r} names no concepts; give two to four, such as {_DEFAULT}"
        )
    return concept
