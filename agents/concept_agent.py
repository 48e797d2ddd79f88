"""The agent: observes demonstrations, then acts in either world; it is never told a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..envs.demonstrations import Demonstration
from ..envs.entities import PLANE_HALF_WIDTH, POSITION, EntityState
from ..envs.errors import NoDemonstrationsError, ShapeError
from ..envs.spaces import check_keys
from .arm_policy import ArmPolicy
from .config import InferenceConfig
from .generate import GenerateResult, generate
from .identify import IdentifyResult, identify
from .ik import IKController
from .infer import InferResult, infer
from .model import ConceptModel, load_model
from .particle_policy import ParticlePolicy
from .plan import Plan
from .tensors import codes_of, scene_of

Policy = ParticlePolicy | ArmPolicy


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
        self.model = model
        self.config = config or InferenceConfig()
        self.inferred: InferResult | None = None
        self._controller = controller
        self._policies: list[Policy | None] = []
        self._started: list[bool] = []

    @classmethod
    def from_pretrained(
        cls, path: Path | str | None = None, *, config: InferenceConfig | None = None
    ) -> ConceptAgent:
        """An agent with the shipped weights, or with those at `path`.

        Raises:
            CheckpointError: if the checkpoint is missing, truncated or altered.
        """
        model, _ = load_model(path)
        return cls(model, config=config)

    def observe(self, demonstrations: Sequence[Demonstration]) -> InferResult:
        """Infer w from demonstrations; all that follows is about their concept.

        Raises:
            NoDemonstrationsError, ShapeError, MixedLayoutError: on demonstrations that do not fit.
        """
        self.inferred = infer(self.model, demonstrations, config=self.config)
        self._policies, self._started = [], []
        return self.inferred

    @property
    def code(self) -> np.ndarray:
        """The concept code w, (code_size,).

        Raises:
            NoDemonstrationsError: before any concept was observed.
        """
        if self.inferred is None:
            raise NoDemonstrationsError(
                "no concept was observed yet; call agent.observe(demonstrations) first"
            )
        return self.inferred.code

    def generate(self, state: EntityState, attention: np.ndarray) -> GenerateResult:
        """States of the editable entities for which the observed concept holds."""
        energy = self.model.energy
        return generate(energy, state, attention, code=self.code, config=self.config)

    def identify(self, state: EntityState) -> IdentifyResult:
        """The entities for which the observed concept holds in a scene."""
        return identify(self.model.energy, state, code=self.code, config=self.config)

    def energy(self, state: EntityState, attention: np.ndarray) -> float:
        """E(x, a, w) of a scene under the observed concept."""
        code = codes_of(self.code, self.model.energy, times=1)
        with torch.no_grad():
            return float(self.model.energy(scene_of(state, attention), code)[0])

    def landscape(
        self, state: EntityState, attention: np.ndarray, *, resolution: int = 61
    ) -> np.ndarray:
        """Energies (resolution, resolution) with the cursor at each place of the plane.

        Rows run along y and columns along x, both from -1 to 1 [plane units].
        """
        line = np.linspace(-PLANE_HALF_WIDTH, PLANE_HALF_WIDTH, resolution, dtype=np.float32)
        places = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        movable = np.zeros_like(state.movable)
        movable[state.cursor] = True
        scene = scene_of(replace(state, movable=movable), attention).repeat(len(places))
        entities = scene.entities.clone()
        entities[:, state.cursor, POSITION] = torch.from_numpy(places)
        codes = codes_of(self.code, self.model.energy, times=len(places))
        with torch.no_grad():
            energies = self.model.energy(scene.replace(entities=entities), codes)
        return energies.numpy().reshape(resolution, resolution)

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
            observation: of Particle-v0 or ArmReach-v0.
            state: passed through; the agent keeps its plans itself.
            episode_start: (n_envs,) bool, where an episode begins.
            deterministic: without effect, the agent always is.

        Raises:
            NoDemonstrationsError: before any concept was observed.
            ShapeError, NonFiniteError: on a bad observation.
        """
        if not isinstance(observation, Mapping):
            raise ShapeError(
                f"observation is a {type(observation).__name__}, expected a dictionary; "
                "pass an observation of a conceptgym environment"
            )
        check_keys(observation, ["entities"])
        batched = np.ndim(observation["entities"]) == 3
        if not batched:
            return self._act(0, observation, episode_start), state
        rows = range(len(observation["entities"]))
        singles = ({key: value[row] for key, value in observation.items()} for row in rows)
        starts = [None if episode_start is None else episode_start[row] for row in rows]
        actions = [
            self._act(row, single, start)
            for row, single, start in zip(rows, singles, starts, strict=True)
        ]
        return np.stack(actions), state

    def plan(self, env_index: int = 0) -> Plan | None:
        """The current plan in one of the environments that `predict` serves."""
        policy = self._policies[env_index] if env_index < len(self._policies) else None
        return policy.plan if policy is not None else None

    def _act(self, row: int, observation: Mapping[str, Any], start: Any) -> np.ndarray:
        _ = self.code  # without a concept there is nothing to do
        missing = row + 1 - len(self._policies)
        self._policies += [None] * missing
        self._started += [False] * missing
        policy, started = self._policies[row], start is not None and bool(np.any(start))
        # `evaluate_policy` leaves the flag set in environments that it is done with: what is
        # flagged twice in a row is planned for anew only where the scene has changed.
        renewed = started and not self._started[row]
        self._started[row] = started
        kind = ArmPolicy if "qpos" in observation else ParticlePolicy
        if renewed or not isinstance(policy, kind):
            policy = self._policies[row] = self._make_policy(kind)
        return policy.act(observation)

    def _make_policy(self, kind: type[Policy]) -> Policy:
        if kind is ParticlePolicy:
            return ParticlePolicy(self)
        self._controller = self._controller or IKController()
        return ArmPolicy(self, self._controller)
