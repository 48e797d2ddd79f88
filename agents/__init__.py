"""The agent: one energy over scenes, three questions to it, and a controller for the arm."""

from .arm_demonstrations import record_on_arm
from .checkpoint import load_tensors, save_tensors
from .concept_agent import ConceptAgent
from .config import EnergyConfig, InferenceConfig, TrainConfig
from .energy import ConceptEnergy
from .generate import GenerateResult, generate
from .identify import IdentifyResult, identify
from .ik import IKController
from .ik_settings import IKConfig, IKResult
from .infer import InferResult, infer
from .model import ConceptModel, load_model
from .plan import Plan
from .scene import Scene

__all__ = [
    "ConceptAgent",
    "ConceptEnergy",
    "ConceptModel",
    "EnergyConfig",
    "GenerateResult",
    "IKConfig",
    "IKController",
    "IKResult",
    "IdentifyResult",
    "InferResult",
    "InferenceConfig",
    "Plan",
    "Scene",
    "TrainConfig",
    "generate",
    "identify",
    "infer",
    "load_model",
    "load_tensors",
    "record_on_arm",
    "save_tensors",
]
