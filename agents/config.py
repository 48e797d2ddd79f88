"""Configurations of the energy and of its training: frozen, validated, saved as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any, Self, get_args, get_origin, get_type_hints

from ..envs.concepts import TASKS
from ..envs.errors import ConfigError
from ..envs.number_checks import is_finite, is_whole

_KINDS: dict[type, tuple[Callable[[Any], bool], str]] = {
    bool: (lambda value: isinstance(value, bool), "True or False"),
    int: (is_whole, "a whole number"),
    float: (is_finite, "a finite number"),
    str: (lambda value: isinstance(value, str), "a text"),
}
"""What a field of each kind takes, and how messages say it."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Base: converts to and from plain dictionaries, and refuses unknown keys and other kinds."""

    def __post_init__(self) -> None:
        for name, kind in _hints(type(self)).items():
            self._require_kind(name, kind)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a mapping.

        Raises:
            ConfigError: on an unknown key or a value out of range.
        """
        known = [field.name for field in fields(cls)]
        for key in values:
            if key not in known:
                raise ConfigError(f"{cls.__name__} has no key {key!r}; it has {', '.join(known)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The values as a JSON-ready dictionary."""
        return asdict(self)

    def _require_kind(self, name: str, kind: Any) -> None:
        """Raise `ConfigError` unless the field `name` is of the kind that it is annotated with."""
        value, parts = getattr(self, name), get_args(kind)
        if get_origin(kind) is tuple and parts[0] in _KINDS:
            valid, allowed = _KINDS[parts[0]]
            whole = isinstance(value, tuple) and all(map(valid, value))
            self.require(name, whole, f"a tuple, each entry {allowed}")
        elif kind in _KINDS:
            valid, allowed = _KINDS[kind]
            self.require(name, valid(value), allowed)

    def require(self, name: str, valid: bool, allowed: str) -> None:
        """Raise `ConfigError` unless the field `name` is `valid`."""
        if not valid:
            raise ConfigError(
                f"{type(self).__name__}.{name}={getattr(self, name)!r} must be {allowed}"
            )


@cache
def _hints(kind: type[Config]) -> dict[str, Any]:
    """The fields' annotations by name."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


@dataclass(frozen=True, kw_only=True)
class EnergyConfig(Config):
    """Sizes of the energy and of the encoder that guesses w."""

    width: int = 64
    """Width of every hidden layer."""
    rounds: int = 3
    """Rounds of messages between entities."""
    code_size: int = 32
    """Length of the learned part of the concept code w."""
    pairs: bool = True
    """Whether the energy's network relates pairs of entities; without, a sum over single ones."""
    closed_forms: bool = True
    """Whether entities are related by closed forms: how w's figure lies on them, numbers in zones,
    ranks. Without, w's figure is told as it is."""
    separate_codes: bool = False
    """Whether generating and identifying have learned codes of their own, one after the other."""

    @property
    def learned_size(self) -> int:
        """Length of all learned parts of w."""
        return 2 * self.code_size if self.separate_codes else self.code_size

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("width", "rounds", "code_size"):
            self.require(name, getattr(self, name) >= 1, "at least 1")


@dataclass(frozen=True, kw_only=True)
class TrainConfig(Config):
    """How `scripts/train.py` trains."""

    objective: str = "projection"
    """Name of a file in agents/objectives/."""
    tasks: tuple[str, ...] = ("generate", "identify")
    """Tasks that are trained."""
    seed: int = 0
    steps: int = 8_000
    instances: int = 700
    """Concept instances (parameters drawn) a family in the pool of training events."""
    events: int = 10
    """Events an instance, from which demonstrations and queries are drawn."""
    starts: int = 3
    """Starting states an event, each with the nearest state that shows the concept."""
    concepts_per_family: int = 4
    """Instances of each family in a batch."""
    queries: int = 2
    """Events to generate, and as many to identify, an instance in a batch."""
    most_demonstrations: int = 5
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    warm_up_steps: int = 300
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    code_noise: float = 0.1
    """Standard deviation of the noise on w in training, which smooths the energy in w."""
    jitter: float = 0.1
    """Most standard deviation of the noise on demonstrated positions [plane units]."""
    wrong_share: float = 0.2
    """Share of the sets of three or more demonstrations of which one shows something else."""
    attention_noise: tuple[float, float] = (0.05, 1.0)
    """Least and most noise on the attention that is to be identified."""
    state_noise: tuple[float, float] = (0.02, 3.0)
    """Least and most noise on positions and colours [plane units, share]; denoising alone."""
    contrast_weight: float = 0.1
    """Weight of the contrastive terms; denoising alone."""
    sampler_steps: int = 6
    """Steps of each sampler that is differentiated through; unrolled alone."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (
            "steps",
            "instances",
            "starts",
            "concepts_per_family",
            "queries",
            "most_demonstrations",
            "warm_up_steps",
            "sampler_steps",
        ):
            self.require(name, getattr(self, name) >= 1, "at least 1")
        self.require("seed", 0 <= self.seed < 2**32, "at least 0 and below 2**32")
        for name in ("weight_decay", "code_noise", "jitter", "contrast_weight"):
            self.require(name, getattr(self, name) >= 0, "at least 0")
        for name in ("learning_rate", "gradient_clip"):
            self.require(name, getattr(self, name) > 0, "above 0")
        self.require("wrong_share", 0 <= self.wrong_share <= 1, "in [0, 1]")
        least = self.most_demonstrations + self.queries
        enough = f"at least {least}, so that demonstrations and queries differ"
        self.require("events", self.events >= least, enough)
        self.require("ema_decay", 0 <= self.ema_decay < 1, "in [0, 1)")
        for name in ("attention_noise", "state_noise"):
            scales = getattr(self, name)
            valid = len(scales) == 2 and 0 < scales[0] < scales[1]
            self.require(name, valid, "two numbers, 0 < least < most")
        known = 0 < len(set(self.tasks)) == len(self.tasks) and set(self.tasks) <= set(TASKS)
        self.require("tasks", known, f"one or more different of {', '.join(TASKS)}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build from a mapping; JSON's lists become tuples."""
        pairs = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        return super().from_dict(pairs)


@dataclass(frozen=True, kw_only=True)
class InferenceConfig(Config):
    """How the agent descends the energy."""

    particles: int = 16
    """Descents side by side; the lowest is kept, of states about as low the least risky."""
    iterations: int = 20
    """Most steps on states and on attention."""
    code_iterations: int = 20
    """Most steps on w; 0 keeps the first guess."""
    code_step: float = 1.0
    """First step on w, in units of the gradient."""
    amortised: bool = True
    """Start w from the encoder's guess rather than from random codes."""
    shown_values: bool = False
    """Start random codes with the values that the demonstrations show, on average."""
    code_particles: int = 1
    """Descents on w side by side, from disturbed guesses; random codes are `particles`, of which a
    quarter, but at least `readings`, goes on after five steps."""
    readings: int = 1
    """Codes that plans are made with, the likeliest of those found (`InferResult.surprise`)."""
    temperature: float = 0.0
    """How several readings combine: 0 for the least energy, else the free energy's temperature."""
    recognition: bool = False
    """Generate by descent on the energy that identifies, so that the scene becomes recognisable."""
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require("particles", self.particles >= 1, "at least 1")
        self.require("code_particles", self.code_particles >= 1, "at least 1")
        self.require("readings", self.readings >= 1, "at least 1")
        wanted = not (self.amortised and self.shown_values)
        self.require("shown_values", wanted, "False unless amortised=False: a guess holds them")
        wanted = self.amortised or self.code_particles == 1
        self.require("code_particles", wanted, "1 with amortised=False; ask for particles instead")
        name = "code_particles" if self.amortised else "particles"
        codes = getattr(self, name)
        self.require("readings", self.readings <= codes, f"at most {name}={codes}, the codes found")
        self.require("temperature", self.temperature >= 0, "at least 0")
        self.require("seed", 0 <= self.seed < 2**63, "at least 0 and below 2**63")
        several = self.readings > 1 or self.temperature == 0
        self.require("temperature", several, "0 with readings=1: there is nothing to combine")
        self.require("iterations", self.iterations >= 0, "at least 0")
        self.require("code_iterations", self.code_iterations >= 0, "at least 0")
        self.require("code_step", self.code_step > 0, "above 0")
