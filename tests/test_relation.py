"""The relation network: pair features, and a round of messages against a plain loop."""

import torch
from torch.nn import functional

from conceptgym.agents.relation import (
    PAIR_FEATURES,
    RelationNetwork,
    RelationRound,
    pair_features,
)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


def test_pair_features_look_from_the_first_to_the_second() -> None:
    places = torch.tensor([[[0.0, 0.0], [0.3, 0.4]]], dtype=torch.float64)
    colours = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]], dtype=torch.float64)
    pairs = pair_features(places, colours)
    assert pairs.shape == (1, 2, 2, PAIR_FEATURES)
    distance, contrast = (0.25 + 1e-4) ** 0.5, (1.0 + 1e-4) ** 0.5
    expected = [0.3, 0.4, distance, 0.3 / (0.3 + distance), 0.4 / (0.3 + distance)]
    torch.testing.assert_close(pairs[0, 0, 1, :5].tolist(), expected)
    assert pairs[0, 0, 1, 6] == contrast
    sign = torch.tensor([-1.0, -1.0, 1.0, -1.0, -1.0, 1.0, 1.0])
    torch.testing.assert_close(pairs[0, 1, 0], sign * pairs[0, 0, 1])


def test_pair_features_ignore_a_shift_of_the_plane() -> None:
    places, colours = random(2, 4, 2), random(2, 4, 3, seed=1)
    shift = torch.tensor([3.0, -2.0])
    torch.testing.assert_close(
        pair_features(places + shift, colours), pair_features(places, colours)
    )


def test_pair_features_have_a_gradient_where_entities_coincide() -> None:
    places = torch.zeros(1, 3, 2, requires_grad=True)
    pair_features(places, torch.zeros(1, 3, 3)).sum().backward()
    assert places.grad is not None and torch.isfinite(places.grad).all()


def loop_round(
    layer: RelationRound,
    nodes: torch.Tensor,
    pairs: torch.Tensor,
    condition: torch.Tensor,
    heard: torch.Tensor,
) -> torch.Tensor:
    """One round for a single scene, entity by entity, with a softmax for the extreme."""
    count, width = nodes.shape
    shift, bias = layer.condition(condition).split(width)
    first, last = layer.message[1], layer.out[1]
    updated = []
    for i in range(count):
        messages = []
        for j in range(count):
            if heard[i, j]:
                into = layer.receiver(nodes[i]) + shift + layer.sender(nodes[j])
                hidden = functional.silu(into + layer.pair(pairs[i, j]))
                messages.append(functional.silu(first(hidden)))
        heap = torch.stack(messages)
        extreme = ((4.0 * heap).softmax(0) * heap).sum(0)
        inputs = torch.cat([nodes[i], heap.sum(0) / 4.0, extreme])
        updated.append(nodes[i] + last(functional.silu(layer.update(inputs) + bias)))
    return torch.stack(updated)


def test_a_round_equals_a_loop_over_entities() -> None:
    torch.manual_seed(0)
    layer = RelationRound(6, 3).double()
    nodes, pairs, condition = random(5, 6), random(5, 5, PAIR_FEATURES, seed=1), random(3, seed=2)
    heard = 1.0 - torch.eye(5).double()
    heard[0, 3] = heard[4, 1] = 0.0
    found, messages = layer(nodes[None], pairs[None], condition[None], heard[None])
    assert messages.shape == (1, 5, 5, 6)
    expected = loop_round(layer, nodes, pairs, condition, heard)
    torch.testing.assert_close(found[0], expected, rtol=1e-5, atol=1e-5)


def test_nobody_hears_the_absent_nor_itself() -> None:
    torch.manual_seed(0)
    network = RelationNetwork(4, width=6, rounds=2, condition=3).double()
    features, pairs = random(1, 5, 4), random(1, 5, 5, PAIR_FEATURES, seed=1)
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
    layer = RelationRound(6, 3).double()
    nodes, pairs, condition = random(1, 3, 6), random(1, 3, 3, PAIR_FEATURES), random(1, 3)
    chain = torch.tensor([[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]]).double()
    changed = nodes.clone()
    changed[:, 2] += 1.0

    def first_node(start: torch.Tensor, rounds: int) -> torch.Tensor:
        for _ in range(rounds):
            start, _ = layer(start, pairs, condition, chain)
        return start[0, 0]

    assert torch.equal(first_node(changed, 1), first_node(nodes, 1))
    assert not torch.allclose(first_node(changed, 2), first_node(nodes, 2))
