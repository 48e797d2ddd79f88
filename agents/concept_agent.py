"""The agent: observes demonstrations, then acts in either world; it is never told a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..envs.demonstrations import Demonstration
from ..envs.entities import EntityState, check_array
from ..envs.errors import ConfigError, NoDemonstrationsError
from .config import InferenceConfig
from .generate import GenerateResult, generate
from .identify import IdentifyResult, identify
from .ik import IKController
from .infer import InferResult
from .landscape import landscape
from .model import ConceptModel, load_model
from .observed import Observed, observed_terms
from .plan import Plan
from .policies import Controllers, Policies, Policy
from .scene import Scene
from .tensors import check_attended, check_state, scene_of, to_tensor
from .terms import Term, concept_term, total_energy


class ConceptAgent:
    """Infers a concept code w from demonstrations and carries the concept out.

    Three questions to one energy E(x, a, w): `observe` (infer w), `generate` (find x) and
    `identify` (find a). `predict` follows Stable-Baselines3's policy protocol, so that
    ``evaluate_policy(agent, env)`` works on both environments.
    """

    def __init__(
        self,
        model: ConceptModel,
        *,
        config: InferenceConfig | None = None,
        controller: IKController | None = None,
    ) -> None:
        if not hasattr(model, "energy"):
            raise ConfigError(
                f"model is a {type(model).__name__}, expected a ConceptModel; use "
                "ConceptAgent.from_pretrained(), or pass load_model(path)[0]"
            )
        if not isinstance(controller, IKController | None):
            raise ConfigError(
                f"controller is a {type(controller).__name__}, expected an IKController; pass "
                "IKController(), or leave it out"
            )
        if not isinstance(config, InferenceConfig | None):
            raise ConfigError(
                f"config is a {type(config).__name__}, expected an InferenceConfig; pass "
                "InferenceConfig(particles=4) or the like"
            )
        self.model = model
        self.config = config or model.inference
        self._concepts: list[Observed] = []
        self._constraints: list[Term] = []
        self._policies = Policies(self, Controllers(controller))

    @classmethod
    def from_pretrained(
        cls, path: Path | str | None = None, *, config: InferenceConfig | None = None
    ) -> ConceptAgent:
        """An agent with the shipped weights, or with those at `path`.

        Raises:
            CheckpointError: if the checkpoint is missing, truncated or altered.
            ConfigError: on a `config` that is no `InferenceConfig`.
        """
        model, _ = load_model(path)
        return cls(model, config=config)

    def fresh(self) -> ConceptAgent:
        """Another agent of the same weights and controllers, which has observed nothing yet."""
        other = ConceptAgent(self.model, config=self.config)
        other._policies = Policies(other, self._policies.controllers)
        return other

    def observe(
        self, demonstrations: Sequence[Demonstration], *, join: bool = False, weight: float = 1.0
    ) -> InferResult:
        """Infer w from demonstrations; all that follows is about their concept.

        Args:
            demonstrations: of one concept.
            join: keep the concepts observed so far, and add this one's energy to theirs.
            weight: factor of this concept's energy in that sum.

        Raises:
            NoDemonstrationsError, ShapeError, MixedLayoutError: on demonstrations that do not fit.
            ConfigError: on a weight that is no finite number of at least 0.
        """
        observed = Observed.of(demonstrations, self.model, config=self.config, weight=weight)
        self._concepts = [*self._concepts, observed] if join else [observed]
        self._policies.forget()
        return observed.result

    def constrain(self, *terms: Term) -> None:
        """Add differentiable energies of your own to what is minimised; none removes them all.

        What they return, and its gradient, must be finite wherever a plan may look: messages name
        the one that is not, by its number among all constraints and the name of its function.

        Args:
            *terms: each maps a `Scene` of B scenes to energies (B,), such as those of
                `conceptgym.agents.potentials`.

        Raises:
            ConfigError: on a term that is no function.
        """
        for number, term in enumerate(terms):
            if not callable(term):
                raise ConfigError(
                    f"terms[{number}] is a {type(term).__name__}, expected a function of scenes; "
                    "pass them one by one, constrain(one, another)"
                )
        self._constraints = [*self._constraints, *terms] if terms else []
        self._policies.forget()

    @property
    def inferred(self) -> InferResult | None:
        """What was inferred last."""
        return self._concepts[-1].result if self._concepts else None

    @property
    def puts_on_top(self) -> bool:
        """Whether a concept was shown with the cursor on an object: a solid one stands on it."""
        return any(concept.stands for concept in self._concepts)

    @property
    def code(self) -> np.ndarray:
        """A copy of the concept code w of the last concept's first phase, (code_size,).

        Raises:
            NoDemonstrationsError: before any concept was observed.
        """
        return self._observed()[-1].result.code.copy()

    @property
    def phases(self) -> int:
        """How many phases the observed concepts have, one after the other.

        Raises:
            NoDemonstrationsError: before any concept was observed.
        """
        return max(concept.phases for concept in self._observed())

    def terms(
        self, *, phase: int = 0, attentions: Sequence[np.ndarray] | None = None
    ) -> list[Term]:
        """The energies that are summed: the observed concepts', and the constraints.

        Args:
            phase: of each concept, from 0; those with fewer phases stay in their last.
            attentions: (N,) each concept's own attended entities; by default the scene's.

        Raises:
            NoDemonstrationsError: before any concept was observed.
            ShapeError: unless there are as many attentions as concepts, one entry an entity.
            NonFiniteError: if one holds NaN or infinity.
            ConfigError: on a phase that is no whole number of at least 0.
        """
        found = observed_terms(
            self._observed(),
            self.model.energy,
            config=self.config,
            phase=phase,
            attentions=attentions,
        )
        return [*found, *self._constraints]

    def generate(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> GenerateResult:
        """States of the editable entities for which the observed concepts hold.

        Args:
            state: the scene.
            attention: (N,) which entities take part.
            phase: of a concept that has several, which one.
            attentions: where several concepts were observed, each one's own attended entities.
            extra: energies to add this once, such as what the scene's solid bodies ask for.

        Raises:
            NoDemonstrationsError: before any concept was observed.
            ShapeError: on a state that is no `EntityState`, on attentions of another number or
                shape or that mark no entity, and on a constraint that returns another shape.
            NonFiniteError: on NaN or infinity, also of a constraint or its gradient.
        """
        terms = [*self.terms(phase=phase, attentions=attentions), *extra]
        _check_attentions(state, attentions)
        return generate(terms, state, attention, config=self.config)

    def identify(self, state: EntityState) -> IdentifyResult:
        """The entities for which the observed concepts hold in a scene; of any of their phases.

        Args:
            state: the scene.

        Raises:
            NoDemonstrationsError: before any concept was observed.
            ShapeError: on a state that is no `EntityState`.
        """
        found = [
            identify(self.terms(phase=phase), state, config=self.config)
            for phase in range(self.phases)
        ]
        if len(found) == 1:
            return found[0]
        worst = max(found, key=lambda result: result.energy)
        return replace(
            worst,
            attention=np.any([result.attention for result in found], axis=0),
            strength=np.max([result.strength for result in found], axis=0),
        )

    def energy(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        code: np.ndarray | None = None,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
    ) -> float:
        """E(x, a, w) of a scene under the observed concepts, or under another code w.

        It is what the editable entities lack or, where nothing may be edited, what the attention
        lacks; `phase` and `attentions` are as in `generate`. Under another code, the constraints
        and the concept's weight are left out.

        Raises:
            NoDemonstrationsError, ShapeError, NonFiniteError: as in `generate`; an attention may
                mark no entity where nothing may be edited.
            ConfigError: on both a code and attentions, which go with the observed concepts.
        """
        terms = self._terms_of(code, phase=phase, attentions=attentions)
        with torch.no_grad():
            return float(total_energy(terms, _asked(state, attention, attentions))[0])

    def energies(
        self,
        state: EntityState,
        attention: np.ndarray,
        entities: np.ndarray,
        *,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
        extra: Sequence[Term] = (),
    ) -> np.ndarray:
        """Energies (P,) of a scene with other entities (P, N, 7); what else is as in `energy`."""
        terms = [*self.terms(phase=phase, attentions=attentions), *extra]
        scene = _asked(state, attention, attentions)
        check_array(entities, "entities", ("P", *state.entities.shape))
        scene = scene.repeat(len(entities))
        others = to_tensor(entities)[:, : scene.entities.shape[1]]
        with torch.no_grad():
            return total_energy(terms, scene.replace(entities=others)).numpy()

    def landscape(
        self,
        state: EntityState,
        attention: np.ndarray,
        *,
        entity: int | None = None,
        code: np.ndarray | None = None,
        resolution: int = 61,
        phase: int = 0,
        attentions: Sequence[np.ndarray] | None = None,
    ) -> np.ndarray:
        """Energies (resolution, resolution) with an entity at each place of the plane.

        Rows run along y and columns along x, both from -1 to 1 [plane units].

        Args:
            state: the scene.
            attention: (N,) which entities take part.
            entity: row of the entity that is moved; by default the cursor.
            code: another code w than the observed one, under which the constraints and the
                concept's weight are left out.
            resolution: places along each side, at least 1.
            phase: of a concept that has several, which one.
            attentions: where several concepts were observed, each one's own attended entities.

        Raises:
            ShapeError: if there is no such entity; else as in `generate`.
            NoDemonstrationsError, NonFiniteError: as in `generate`.
            ConfigError: on both a code and attentions, or on a resolution that is no whole number
                of at least 1.
        """
        terms = self._terms_of(code, phase=phase, attentions=attentions)
        _check_attentions(state, attentions)
        return landscape(terms, state, attention, entity=entity, resolution=resolution)

    def _terms_of(
        self, code: np.ndarray | None, *, phase: int, attentions: Sequence[np.ndarray] | None
    ) -> list[Term]:
        if code is None:
            return self.terms(phase=phase, attentions=attentions)
        if attentions is not None:
            raise ConfigError(
                "code and attentions were both given; attentions are those of the observed "
                "concepts: leave one of the two out"
            )
        return [concept_term(self.model.energy, code)]

    def _observed(self) -> list[Observed]:
        if not self._concepts:
            raise NoDemonstrationsError(
                "no concept was observed yet; call agent.observe(demonstrations) first"
            )
        return self._concepts

    def predict(
        self,
        observation: Mapping[str, Any],
        state: Any = None,
        episode_start: np.ndarray | None = None,
        deterministic: bool = True,
    ) -> tuple[np.ndarray, Any]:
        """The action for an observation, of one environment or of a vector of them.

        Follows `stable_baselines3.common.base_class.BaseAlgorithm.predict`. The agent plans once
        a scene, and anew when the scene has changed.

        Args:
            observation: of a conceptgym environment.
            state: passed through; the agent keeps its plans itself.
            episode_start: (n_envs,) bool, where an episode begins.
            deterministic: without effect, the agent always is.

        Raises:
            NoDemonstrationsError: before any concept was observed.
            ShapeError, NonFiniteError: on a bad observation.
        """
        self._observed()  # without a concept there is nothing to do
        return self._policies.act(observation, episode_start), state

    def policy(self, env_index: int = 0) -> Policy | None:
        """What acts in one of the environments that `predict` serves."""
        return self._policies.get(env_index)

    def plan(self, env_index: int = 0) -> Plan | None:
        """The current plan in one of the environments that `predict` serves."""
        policy = self.policy(env_index)
        return policy.plan if policy is not None else None


def _asked(
    state: EntityState, attention: np.ndarray, attentions: Sequence[np.ndarray] | None
) -> Scene:
    """The scene; where nothing may be edited, the attention is what is asked for."""
    scene = scene_of(state, attention)
    editable = (state.movable | state.paintable) & state.present
    if not np.any(editable):
        return scene.as_static()
    check_attended(attention, state.present, "attention")
    _check_attentions(state, attentions)
    return scene


def _check_attentions(state: EntityState, attentions: Sequence[np.ndarray] | None) -> None:
    """Raise unless each of the concepts' own attentions marks an entity of the state."""
    check_state(state)
    for number, attention in enumerate(() if attentions is None else attentions):
        check_attended(attention, state.present, f"attentions[{number}]")
