"""What waits for what: cycles in a graph of blockers, and how many nodes to take out of them.

A graph maps each node to those that must leave before it can be placed. Nodes that leave without
being placed (parked) block no longer but still wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import combinations

Graph = Mapping[int, AbstractSet[int]]
"""The blockers of each node; every blocker is itself a node."""


def on_cycles(blockers: Graph) -> set[int]:
    """Nodes that wait, through others or not, for themselves."""
    return {node for node in blockers if node in _waited_for(blockers, node)}


def without(blockers: Graph, parked: AbstractSet[int]) -> dict[int, AbstractSet[int]]:
    """The graph after some nodes are parked."""
    return {node: others - parked for node, others in blockers.items()}


def least_parkings(blockers: Graph) -> int:
    """Least number of nodes to park so that no cycle is left (a least feedback vertex set).

    It tries every subset, smallest first: meant for the dozen objects of a table.
    """
    tangled = sorted(on_cycles(blockers))
    for number in range(len(tangled)):
        for parked in combinations(tangled, number):
            if not on_cycles(without(blockers, set(parked))):
                return number
    return len(tangled)


def _waited_for(blockers: Graph, node: int) -> set[int]:
    """Everything that must leave before a node, directly or through others."""
    found: set[int] = set()
    ahead = set(blockers[node])
    while ahead:
        found |= ahead
        ahead = {other for one in ahead for other in blockers[one]} - found
    return found
