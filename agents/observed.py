"""A concept that was observed, and the energies that observed concepts add up to."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from dataclasses import dataclass

import numpy as np

from ..envs.demonstrations import Demonstration
from ..envs.entities import MAX_ENTITIES, check_array
from ..envs.errors import ShapeError
from ..envs.number_checks import check_whole
from .config import InferenceConfig
from .edits import Edits
from .energy import ConceptEnergy
from .infer import InferResult, infer
from .model import ConceptModel
from .standing import shows_standing
from .terms import Learned, Term, check_weight, concept_term


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What demonstrations of one concept say.

    Attributes:
        result: the inferred codes.
        weight: factor of the concept's energy where several are summed.
        edits: what the demonstrations could change.
        stands: whether they show the cursor on an object.
    """

    result: InferResult
    weight: float
    edits: Edits
    stands: bool

    @classmethod
    def of(
        cls,
        demonstrations: Sequence[Demonstration],
        model: ConceptModel,
        *,
        config: InferenceConfig,
        weight: float = 1.0,
    ) -> Observed:
        """Infer w from demonstrations of one concept; raises as `ConceptAgent.observe`."""
        weight = check_weight(weight)
        return cls(
            result=infer(model, demonstrations, config=config),
            weight=weight,
            edits=Edits.of(demonstrations),
            stands=shows_standing(demonstrations),
        )

    @property
    def phases(self) -> int:
        """How many the concept has, one after the other."""
        return len(self.result.codes)

    def term(
        self,
        energy: ConceptEnergy,
        *,
        config: InferenceConfig,
        phase: int,
        attention: np.ndarray | None,
    ) -> Learned:
        """The energy of one phase, the last one where there are fewer."""
        result, count = self.result, config.readings
        index = min(phase, self.phases - 1)
        return concept_term(
            energy,
            result.readings[index, :count] if count > 1 else result.codes[index],
            attention=attention,
            weight=self.weight,
            temperature=config.temperature,
            recognition=config.recognition,
        )


def observed_terms(
    concepts: Sequence[Observed],
    energy: ConceptEnergy,
    *,
    config: InferenceConfig,
    phase: int = 0,
    attentions: Sequence[np.ndarray] | None = None,
) -> list[Term]:
    """The energies of observed concepts; raises as `ConceptAgent.terms`.

    Where there are several, each is limited to what its own demonstrations could change.
    """
    check_whole("phase", phase, least=0, cure="0 is the first")
    if attentions is not None and not (np.iterable(attentions) and isinstance(attentions, Sized)):
        raise ShapeError(f"attentions={attentions!r} must be a list, one for each observed concept")
    if attentions is not None and len(attentions) != len(concepts):
        raise ShapeError(
            f"attentions has {len(attentions)} entries, expected {len(concepts)}; "
            "pass one for each observed concept"
        )
    for number, attention in enumerate(() if attentions is None else attentions):
        check_array(attention, f"attentions[{number}]", (MAX_ENTITIES,))
    own = [None] * len(concepts) if attentions is None else attentions
    terms: list[Term] = []
    for concept, attention in zip(concepts, own, strict=True):
        term = concept.term(energy, config=config, phase=phase, attention=attention)
        limited = len(concepts) > 1
        terms.append(Learned(concept.edits.limit(term, attention)) if limited else term)
    return terms
