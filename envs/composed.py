"""`conceptgym/ParticleCompose-v0`: the particle world in which several concepts are to hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from .concepts import Composed, ComposedEvent, Concept, compose
from .concepts.composed_terms import MOST_TERMS
from .entities import MAX_ENTITIES
from .particle import ParticleEnv
from .spaces import Observation, entity_spaces


class ParticleComposeEnv(ParticleEnv):
    """Move and paint entities until all of two to four concepts hold; task "generate" only.

    Actions, rewards and success are those of `ParticleEnv`, judged by `Composed`: all terms hold,
    each for its own entities; the residual is the largest of theirs, in tolerances.

    Observation: that of `ParticleEnv`, in which `attention` is the union of the terms', and

    | key          | space                | meaning                                             |
    |--------------|----------------------|-----------------------------------------------------|
    | `attentions` | MultiBinary (4, 16)  | each term's attended entities; unused rows are zero |
    """

    def __init__(
        self,
        concept: Composed | Sequence[str | Concept] = ("left_of", "near"),
        **options: Any,
    ) -> None:
        """Make the world; options as in `ConceptEnv`.

        Args:
            concept: a composition, or the concepts or names to compose.
            **options: as in `ConceptEnv`.

        Raises:
            UnknownConceptError: on an unknown concept, or a task other than "generate".
            ConceptParameterError: on concepts that cannot be composed.
        """
        if not isinstance(concept, Composed):
            terms = [concept] if isinstance(concept, str | Concept) else concept
            concept = compose(*terms)
        super().__init__(concept, **options)
        self.terms = concept.terms
        self.observation_space = spaces.Dict(
            {
                **entity_spaces(),
                "attentions": spaces.MultiBinary((MOST_TERMS, MAX_ENTITIES)),
            }
        )

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
        return ("generate",)
