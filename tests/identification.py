"""Identify scenes as tables of features, and a trivial classifier that ranks their objects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conceptgym.envs import MAX_ENTITIES, Concept, EntityState, ParticleEnv
from conceptgym.envs.concepts.sampling import hue_to_rgb
from conceptgym.envs.spaces import state_from_observation

N_SCENES = 1500
"""Scenes of each half: what is fitted, and what is held out."""
HUES = ("hue", "first", "second", "third")
"""Names of parameters that are hues [degrees]."""
Scenes = list[tuple[EntityState, np.ndarray, Concept]]
"""What is observed, the answer (16,), and the concept with its parameters."""


def draw_scenes(concept: str | Concept, *, n_objects: int, n_scenes: int, seed: int) -> Scenes:
    """Identify scenes of the particle world, each of a concept of other hues and the like.

    One hue throughout would tell its wearers by colour differences, which is the relation itself.
    """
    env = ParticleEnv(concept, task="identify", n_objects=n_objects)
    rng = np.random.default_rng(seed)
    env.reset(seed=seed)
    scenes: Scenes = []
    for _ in range(n_scenes):
        if env.concept.parameters:
            env.concept = type(env.concept).random(rng)
        observation, _ = env.reset()
        scenes.append((state_from_observation(observation), env.event.answer, env.concept))
    return scenes


def bare_features(state: EntityState) -> np.ndarray:
    """(n, 13) of each object, with neither the cursor nor an absolute colour."""
    positions = state.positions[state.objects].astype(np.float64)
    colours = state.colours[state.objects].astype(np.float64)
    apart = _distances(positions)
    unlike = _distances(colours)
    nearest = np.argsort(apart + 9.0 * np.eye(len(apart)), axis=1)[:, :2]
    each = np.arange(len(positions))
    alike = unlike < 0.15
    return np.column_stack(
        [
            np.flatnonzero(state.objects),
            positions,
            np.abs(positions),
            1.0 - np.abs(positions).max(axis=1),  # to the border
            apart[each, nearest[:, 0]],
            apart[each, nearest[:, 1]],
            apart.mean(axis=1),
            apart.max(axis=1),
            np.linalg.norm(positions - positions.mean(axis=0), axis=1),
            alike.sum(axis=1),  # size of its colour group
            unlike[each, nearest[:, 0]],
        ]
    )


def relation_features(state: EntityState, cursor: np.ndarray, concept: Concept) -> np.ndarray:
    """(n, 6) of each object against a cursor (2,), a concept and its hues: the relation itself."""
    positions = state.positions[state.objects].astype(np.float64)
    gaps = positions - cursor
    midpoints = (positions[:, None] + positions[None]) / 2.0
    misses = np.linalg.norm(midpoints - cursor, axis=-1) + 9.0 * np.eye(len(positions))
    away = np.linalg.norm(gaps, axis=1)
    parts = [misses.min(axis=1), _unlikeness(state, concept), _residuals(state, cursor, concept)]
    return np.column_stack([gaps, away, *parts])


def _unlikeness(state: EntityState, concept: Concept) -> np.ndarray:
    """(n,) distance of each object's colour from the nearest of a concept's hues."""
    hues = [v for name, v in concept.parameters.items() if name in HUES]
    if not hues:
        return np.zeros(int(state.objects.sum()))
    colours = state.colours[state.objects]
    return np.min([np.linalg.norm(colours - hue_to_rgb(hue), axis=1) for hue in hues], axis=0)


def _residuals(state: EntityState, cursor: np.ndarray, concept: Concept) -> np.ndarray:
    """(n,) the residual with each object alone attended and the cursor there."""
    rows = np.flatnonzero(state.objects)
    if concept.num_attended[0] != 1:
        return np.zeros(len(rows))
    moved = state.moved(np.array([state.cursor]), cursor[None])
    return np.array([concept.residual(moved, np.arange(MAX_ENTITIES) == row) for row in rows])


def true_relation(scenes: Scenes) -> list[np.ndarray]:
    """`relation_features` of every scene."""
    return [relation_features(s, s.positions[s.cursor], concept) for s, _, concept in scenes]


def shuffled_relation(scenes: Scenes) -> list[np.ndarray]:
    """The same with the cursor, and the concept's colour, of the next scene."""
    others = [*scenes[1:], scenes[0]]
    return [
        relation_features(state, other.positions[other.cursor], concept)
        for (state, _, _), (other, _, concept) in zip(scenes, others, strict=True)
    ]


def held_out_auc(scenes: Scenes, features: Callable[[Scenes], list[np.ndarray]]) -> float:
    """Fit on the first half; how often an attended object of the second outranks another.

    Objects are compared within their scene only, so 0.5 is chance whatever the scenes' make-up.
    Logistic regression of the pairs' order on the features and their squares.
    """
    half = len(scenes) // 2
    table = np.array(features(scenes))  # (scenes, n, features)
    flat = table.reshape(-1, table.shape[-1])
    table = (table - flat.mean(axis=0)) / (flat.std(axis=0) + 1e-9)
    table = np.concatenate([table, table**2], axis=-1)
    pairs = [
        (rows[answer[state.objects]][:, None] - rows[~answer[state.objects]][None])
        for rows, (state, answer, _) in zip(table, scenes, strict=True)
    ]
    train, test = (
        np.concatenate([pair.reshape(-1, table.shape[-1]) for pair in part])
        for part in (pairs[:half], pairs[half:])
    )
    ranks = test @ _fit(train)
    return float(np.mean(ranks > 0) + 0.5 * np.mean(ranks == 0))


def _fit(differences: np.ndarray) -> np.ndarray:
    """Weights that minimise the mean of log(1 + exp(-d·w)) with a small ridge, by Newton steps."""
    size = differences.shape[1]
    weights = np.zeros(size)
    for _ in range(8):
        wrong = 1.0 / (1.0 + np.exp(np.clip(differences @ weights, -30.0, 30.0)))
        slope = wrong @ differences / len(wrong) - 2e-3 * weights
        curved = differences * (wrong * (1.0 - wrong))[:, None]
        curvature = curved.T @ differences / len(wrong) + 2e-3 * np.eye(size)
        weights += np.linalg.solve(curvature, slope)
    return weights


def _distances(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, None] - points[None], axis=-1)
