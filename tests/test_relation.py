"""The relation network: lengths, and a round of messages against a plain loop."""

import math

import pytest
import torch
from torch.nn import functional

from conceptgym.agents.relation import (
    MARKS,
    RelationNetwork,
    RelationRound,
    graded,
    length,
    marks,
)

PAIR = 5


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


def test_lengths_are_those_of_vectors_and_have_a_gradient_at_zero() -> None:
    vectors = torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True)
    found = length(vectors)
    assert found.shape == (2, 1)
    torch.testing.assert_close(found[:, 0].tolist(), [math.sqrt(25.0001), 0.01])
    found.sum().backward()
    assert vectors.grad is not None and torch.isfinite(vectors.grad).all()


def test_a_distance_is_given_twice_coarse_and_fine() -> None:
    found = graded(torch.tensor([[0.0], [0.5]], dtype=torch.float64))
    assert found.tolist() == [[0.0, math.log(0.03)], [0.5, math.log(0.53)]]


def test_marks_say_softly_which_lines_were_passed_along_either_axis() -> None:
    found = marks(torch.tensor([[0.1, -0.2]], dtype=torch.float64))[0]
    assert found.shape == (MARKS,)
    lines = [line / 5 for line in range(-4, 5)]
    expected = [1.0 / (1.0 + math.exp((line - at) / 0.05)) for at in (0.1, -0.2) for line in lines]
    torch.testing.assert_close(found.tolist(), expected)


def loop_round(
    layer: RelationRound,
    nodes: torch.Tensor,
    pairs: torch.Tensor,
    condition: torch.Tensor,
    heard: torch.Tensor,
) -> torch.Tensor:
    """One round for a single scene, entity by entity, with a softmax for the extreme."""
    count, width = nodes.shape
    scale, shift, bias = layer.condition(condition).split(width)
    first, last = layer.message[1], layer.out[1]
    updated = []
    for i in range(count):
        messages = []
        for j in range(count):
            if heard[i, j]:
                into = layer.sender(nodes[j])
                if pairs.shape[-1]:
                    into = into + layer.receiver(nodes[i]) + layer.pair(pairs[i, j])
                hidden = functional.silu(into * (1.0 + scale) + shift)
                messages.append(functional.silu(first(hidden)))
        heap = torch.stack(messages)
        extreme = ((4.0 * heap).softmax(0) * heap).sum(0)
        inputs = torch.cat([nodes[i], heap.sum(0) / 4.0, extreme])
        updated.append(nodes[i] + last(functional.silu(layer.update(inputs) + bias)))
    return torch.stack(updated)


@pytest.mark.parametrize("pair", [PAIR, 0])
def test_a_round_equals_a_loop_over_entities(pair: int) -> None:
    torch.manual_seed(0)
    layer = RelationRound(6, 3, pair).double()
    nodes, pairs, condition = random(5, 6), random(5, 5, pair, seed=1), random(3, seed=2)
    heard = 1.0 - torch.eye(5).double()
    heard[0, 3] = heard[4, 1] = 0.0
    found, messages = layer(nodes[None], pairs[None], condition[None], heard[None])
    assert messages.shape == (1, 5, 5, 6)
    expected = loop_round(layer, nodes, pairs, condition, heard)
    torch.testing.assert_close(found[0], expected, rtol=1e-5, atol=1e-5)


def test_nobody_hears_the_absent_nor_itself() -> None:
    torch.manual_seed(0)
    network = RelationNetwork(4, pair=PAIR, width=6, rounds=2, condition=3).double()
    features, pairs = random(1, 5, 4), random(1, 5, 5, PAIR, seed=1)
    present = torch.tensor([[1.0, 1.0, 0.0, 1.0, 0.0]]).double()
    condition = random(1, 3, seed=2)
    nodes, messages, heard = network(features, pairs, condition, present)
    assert messages.shape == (1, 5, 5, 6)
    expected = [
        [i != j and bool(present[0, i] * present[0, j]) for j in range(5)] for i in range(5)
    ]
    assert heard[0].bool().tolist() == expected
    here = present[0] > 0
    features[:, ~here] += 5.0
    pairs[0][~heard[0].bool()] -= 3.0
    other, _, _ = network(features, pairs, condition, present)
    torch.testing.assert_close(other[0, here], nodes[0, here])
    assert not torch.allclose(other[0, ~here], nodes[0, ~here])


def test_messages_travel_one_entity_a_round() -> None:
    """What an entity that is not heard directly says arrives with the second round."""
    torch.manual_seed(0)
    layer = RelationRound(6, 3, PAIR).double()
    nodes, pairs, condition = random(1, 3, 6), random(1, 3, 3, PAIR), random(1, 3)
    chain = torch.tensor([[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]).double()
    changed = nodes.clone()
    changed[:, 2] += 1.0

    def first_node(start: torch.Tensor, rounds: int) -> torch.Tensor:
        for _ in range(rounds):
            start, _ = layer(start, pairs, condition, chain)
        return start[0, 0]

    assert torch.equal(first_node(changed, 1), first_node(nodes, 1))
    assert not torch.allclose(first_node(changed, 2), first_node(nodes, 2))


def test_without_pairs_everyone_hears_the_same() -> None:
    torch.manual_seed(0)
    layer = RelationRound(6, 3, 0).double()
    nodes, pairs, condition = random(1, 4, 6), random(1, 4, 4, 0), random(1, 3)
    heard = 1.0 - torch.eye(4).double()
    _, messages = layer(nodes, pairs, condition, heard[None])
    for receiver in range(1, 4):
        assert torch.equal(messages[0, receiver], messages[0, 0])
    assert not torch.allclose(messages[0, 0, 0], messages[0, 0, 1])
