"""The encoder: a function of the set of demonstrations, however ordered and padded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from agent_scenes import (
    TINY,
    demonstration,
    demonstrations,
    draw_event,
    permuted,
    rows_of,
    weight_of,
)
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from conceptgym.agents.code import PLAIN_SIZE, Code
from conceptgym.agents.encoder import ConceptEncoder
from conceptgym.agents.scene import Scene
from conceptgym.agents.summary import summarise
from conceptgym.agents.tensors import stack_demonstrations
from conceptgym.envs.concepts.alignment import align

SHOWN = 4
NAMES = st.sampled_from(["closest", "between", "near", "quantity", "square", "at_distance"])
quick = settings(max_examples=25)
close: dict[str, Any] = {"atol": 1e-4, "rtol": 1e-3}


def make_encoder(seed: int = 0, **changes: bool) -> ConceptEncoder:
    torch.manual_seed(seed)
    return ConceptEncoder(replace(TINY, **changes)).requires_grad_(False)


ENCODER = make_encoder()


def make_demos(concept: str, count: int = SHOWN) -> tuple[torch.Tensor, Scene]:
    """Starts and ends of demonstrations that differ a little, so that none is like another."""
    before, after = stack_demonstrations(demonstrations(concept, count))
    draw = torch.Generator().manual_seed(len(concept))
    noise = 0.01 * torch.randn(after.positions.shape, generator=draw)
    entities = after.entities.clone()
    entities[..., :2] += noise * after.present[..., None]
    return before, after.replace(entities=entities)


def encode(
    before: torch.Tensor,
    after: Scene,
    given: list[float] | None = None,
    *,
    rows: list[int] | None = None,
    encoder: ConceptEncoder = ENCODER,
) -> Code:
    """The code of the only set."""
    weights = torch.tensor([given or [1.0] * len(before)])
    numbers = None if rows is None else torch.tensor(rows)
    found = encoder(after, weights, summarise(before, after, weights), numbers)
    assert found.shape == (1, len(weight_of(encoder, "out.4.bias")) + PLAIN_SIZE)
    return Code.split(found)


def check_same(one: Code, other: Code) -> None:
    """Equal in every part; templates in whatever pose and order."""
    for name, value in vars(one).items():
        if name != "template":
            torch.testing.assert_close(getattr(other, name), value, **close)
    first, second = (
        code.figure[0, : int(code.count.round())].double().numpy() @ np.array([1.0, 1.0j])
        for code in (one, other)
    )
    if one.template.any():
        assert align(first, second).misfit < 1e-2
    else:
        assert not other.template.any()


@quick
@for_all(concept=NAMES, order=st.permutations(range(SHOWN)))
def test_the_order_of_demonstrations_does_not_matter(concept: str, order: list[int]) -> None:
    before, after = make_demos(concept)
    check_same(encode(before, after), encode(before[order], rows_of(after, order)))


@quick
@for_all(concept=NAMES, seed=st.integers(0, 999))
def test_the_order_of_entities_does_not_matter(concept: str, seed: int) -> None:
    before, after = make_demos(concept)
    order = np.random.default_rng(seed).permutation(before.shape[1]).tolist()
    check_same(encode(before, after), encode(before[:, order], permuted(after, order)))


@pytest.mark.parametrize("concept", ["colour", "square"])
@pytest.mark.parametrize("shown", [1, 2, 3])
def test_padded_demonstrations_do_not_matter(shown: int, concept: str) -> None:
    before, after = make_demos(concept)
    rows, given = list(range(shown)), [1.0] * shown + [0.0] * (SHOWN - shown)
    alone = encode(before[rows], rows_of(after, rows))
    check_same(alone, encode(before, after, given))
    check_same(alone, encode(before, after, given, rows=rows))  # without work on the padding


def test_sets_of_a_batch_do_not_mix() -> None:
    demos = [*demonstrations("near", 2), *demonstrations("square", 2)]
    before, after = stack_demonstrations(demos)
    given = torch.ones(2, 2)
    both = ENCODER(after, given, summarise(before, after, given))
    for number in range(2):
        rows = [2 * number, 2 * number + 1]
        alone = encode(before[rows], rows_of(after, rows))
        check_same(alone, Code.split(both[number : number + 1]))


@pytest.mark.parametrize("concept", ["between", "touch", "quantity", "region", "colour"])
def test_one_demonstration_gives_its_own_values(concept: str) -> None:
    before, after = make_demos(concept, 1)
    summary = summarise(before, after, torch.ones(1, 1))
    code = encode(before, after)
    names = ("offset", "distance", "place", "square", "colour", "touched", "inside", "number")
    sizes = (2, 1, 2, 2, 3, 3, 1, 1)
    values = dict(zip(names, summary.values[:, 0].split(sizes, dim=-1), strict=True))
    for name in ("offset", "distance", "place", "colour", "touched", "inside"):
        torch.testing.assert_close(getattr(code, name), values[name])
    variance = (values["square"] - values["place"].square()).clamp(min=0.0)
    torch.testing.assert_close(code.spread, (variance + 1e-4).sqrt())
    torch.testing.assert_close(code.number, summary.number)
    torch.testing.assert_close(code.template, summary.template.flatten(1))


@quick
@for_all(concept=NAMES)
def test_plain_values_lie_among_the_demonstrated_ones(concept: str) -> None:
    before, after = make_demos(concept)
    code, values = encode(before, after), summarise(before, after, torch.ones(1, SHOWN)).values[0]
    plain = torch.cat([code.offset, code.distance, code.place], -1)[0]
    shown = values[:, :5]
    assert (plain >= shown.amin(0) - 1e-6).all() and (plain <= shown.amax(0) + 1e-6).all()


def test_which_demonstrations_are_trusted_is_learned() -> None:
    """The plain part is their mean under weights that the encoder's own layer decides."""
    before, after = make_demos("between")
    given = torch.ones(1, SHOWN)
    summary, encoder = summarise(before, after, given), make_encoder(1)
    for parameter in encoder.trust.parameters():
        parameter.zero_()
    offset = Code.split(encoder(after, given, summary)).offset[0]
    torch.testing.assert_close(offset, summary.values[0, :, :2].mean(0))
    described = len(weight_of(encoder, "pool.2.bias")) + summary.extras.shape[-1]
    weight_of(encoder, "trust.0.weight")[0, 2 * described] = (
        100.0  # the support of the offset, alone
    )
    weight_of(encoder, "trust.2.weight")[0, 0] = 100.0
    offset = Code.split(encoder(after, given, summary)).offset[0]
    best = summary.support[0, :, 0].argmax()
    torch.testing.assert_close(offset, summary.values[0, best, :2], atol=1e-3, rtol=0)


def test_the_learned_part_has_zero_mean_and_unit_variance() -> None:
    for encoder in (ENCODER, make_encoder(separate_codes=True)):
        what = encode(*make_demos("near"), encoder=encoder).what[0]
        assert what.shape == (len(weight_of(encoder, "out.4.bias")),)
        torch.testing.assert_close(what.mean(), torch.zeros(()), atol=1e-6, rtol=0)
        torch.testing.assert_close(what.var(correction=0), torch.ones(()), atol=1e-2, rtol=0)


@pytest.mark.parametrize("concept", ["colour", "touch", "between"])
def test_no_hue_is_known(concept: str) -> None:
    """With red, green and blue exchanged the same matters; only the values change."""
    before, after = make_demos(concept)
    columns = [0, 1, 4, 2, 3, 5, 6]
    one = encode(before, after)
    other = encode(before[..., columns], after.replace(entities=after.entities[..., columns]))
    torch.testing.assert_close(other.what, one.what, **close)
    for name in ("colour", "touched"):
        torch.testing.assert_close(getattr(other, name), getattr(one, name)[:, [2, 0, 1]], **close)


def test_what_is_shown_matters() -> None:
    before, after = make_demos("square")
    what = encode(before, after).what
    static = encode(after.entities, after).what  # the end alone, without the change
    assert not torch.allclose(static, what, atol=1e-4)
    swapped = after.replace(attention=after.objects - after.attention)
    assert not torch.allclose(encode(before, swapped).what, what, atol=1e-4)
    event = draw_event("square", seed=77, n_objects=5)
    other = stack_demonstrations([*demonstrations("square", 3), demonstration(event)])
    assert not torch.allclose(encode(*other).what, what, atol=1e-4)
