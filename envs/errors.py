"""The errors that bad input raises, one kind each, all under `ConceptGymError`."""


class ConceptGymError(ValueError):
    """Base of every error that conceptgym raises on bad input."""


class NonFiniteError(ConceptGymError):
    """An array holds NaN or infinity."""


class ShapeError(ConceptGymError):
    """An array has the wrong shape, an observation lacks a key, or one is of another kind."""


class UnknownConceptError(ConceptGymError):
    """No concept has this name, or the concept has no such parameter or task."""


class ConceptParameterError(ConceptGymError):
    """A concept's parameter lies outside its documented range."""


class NoDemonstrationsError(ConceptGymError):
    """Inference of w was asked for with no demonstration."""


class MixedLayoutError(ConceptGymError):
    """Demonstrations of different layouts (array sizes, features) were given together."""


class CheckpointError(ConceptGymError):
    """A checkpoint is missing, truncated, tampered with, or of another configuration."""


class UnreachableTargetError(ConceptGymError):
    """A target lies where the arm cannot go."""


class ConfigError(ConceptGymError):
    """A configuration value is out of range, or a key is unknown."""
