"""What is evaluated: bad values are refused, purposes share no seed, cells are as documented."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from conceptgym.agents.evaluation.config import (
    CONDITIONS,
    FIRST_SCENE_SEED,
    LARGE,
    LEVELS,
    STANDARD,
    SUBJECTS,
    WORLDS,
    Cell,
    EvaluationConfig,
    Job,
    Purpose,
    has_level,
)
from conceptgym.agents.evaluation.methods import METHODS, RECOGNISER
from conceptgym.envs import CONCEPTS, TASKS
from conceptgym.envs.concepts.compositions import COMPOSITIONS
from conceptgym.envs.errors import ConfigError, UnknownConceptError


def seeds(job: Job, seed: int) -> list[int]:
    """Every seed of a job, scenes' last."""
    scenes = [job.scene_seed(seed, world=w, task=t) for w in WORLDS for t in TASKS]
    purposes = [each for each in Purpose if each != Purpose.SCENE]
    return [*(job.seed_for(purpose, seed) for purpose in purposes), *scenes]


def test_every_purpose_of_every_episode_has_a_seed_of_its_own() -> None:
    config = EvaluationConfig(episodes=20)
    found = [seed for job in config.jobs for seed in seeds(job, 0)]
    assert len(found) == len(config.jobs) * (len(Purpose) - 1 + len(WORLDS) * len(TASKS))
    # 31 random bits meet by chance now and then; a purpose that is forgotten meets always
    assert len(set(found)) >= len(found) - 2


def test_seeds_change_with_the_evaluations() -> None:
    job = Job("near", 1, 0)
    assert not set(seeds(job, 0)) & set(seeds(job, 1))
    assert seeds(job, 0) == seeds(Job("near", 1, 0), 0)


@pytest.mark.parametrize("seed", [0, 3])
def test_scenes_are_not_those_of_training(seed: int) -> None:
    """Training draws from default_rng([seed, *name's bytes]), demonstrators from below 2**31."""
    trained = {
        tuple(np.random.SeedSequence([seed, *n.encode()]).generate_state(4)) for n in SUBJECTS
    }
    for job in EvaluationConfig(episodes=2).jobs:
        scenes = seeds(job, seed)[-len(WORLDS) * len(TASKS) :]
        assert min(scenes) >= FIRST_SCENE_SEED and max(scenes) < 2**32
        for number in seeds(job, seed):
            assert tuple(np.random.SeedSequence(number).generate_state(4)) not in trained


def test_jobs_take_turns() -> None:
    config = EvaluationConfig(concepts=("near", "offset"), levels=(1, 2), episodes=2)
    expected = [
        Job(*each, k) for k in (0, 1) for each in (("near", 1), ("offset", 1), ("offset", 2))
    ]
    assert config.jobs == expected


def test_each_level_has_the_concepts_that_can_show_it() -> None:
    for name, kind in CONCEPTS.items():
        assert has_level(name, 1) and not has_level(name, 4)
        assert has_level(name, 2) == ("held_out" in kind.splits())
        assert has_level(name, 3) == (kind.num_objects[1] >= LARGE[0])
    for name in COMPOSITIONS:
        assert [level for level in LEVELS if has_level(name, level)] == [4]
    assert not has_level("triangle", 3)  # among many objects some other three form one


def cells(job: Job, **changes: Any) -> set[Cell]:
    found = EvaluationConfig(**changes).cells(job)
    assert len(found) == len(set(found))
    return set(found)


def test_ours_and_rivals_answer_every_setting() -> None:
    found = cells(Job("near", 1, 0))
    settings = {(n, "plain") for n in (1, 2, 5, 10)}
    settings |= {(5, each) for each in CONDITIONS[1:]}
    for method in ("ours", "ours-guess", "chance", "copy-nearest", "invariants"):
        for task in TASKS:
            mine = [c for c in found if (c.method, c.world, c.task) == (method, "particle", task)]
            assert {cell.setting for cell in mine} == settings


def test_variants_answer_where_they_are_compared() -> None:
    found = cells(Job("near", 1, 0))
    by = {m: {c.setting for c in found if c.method == m} for m in METHODS}
    standard = {(STANDARD, "plain")}
    assert by[RECOGNISER] == set()  # every parameter of level 1 was trained
    assert by["ours-1-steps"] == by["ours-scratch"] == by["ours-recognition"] == standard
    assert {c.task for c in found if c.method == "ours-recognition"} == {"generate"}


@pytest.mark.parametrize("level", [2, 3])
def test_other_levels_disturb_nothing(level: int) -> None:
    found = cells(Job("offset", level, 0))
    assert {cell.setting for cell in found} == {(n, "plain") for n in (1, 2, 5, 10)}
    told = {cell.setting for cell in found if cell.method == RECOGNISER}
    assert told == ({(5, "plain")} if level == 2 else set())
    elsewhere = {"ours-scratch", "ours-values"} | ({RECOGNISER} if level == 3 else set())
    assert {cell.method for cell in found} == set(METHODS) - elsewhere
    assert {cell.world for cell in found} == {"particle"}


def test_compositions_are_generated_by_everyone() -> None:
    found = cells(Job("beside + near", 4, 0), rivals=("mine",))
    assert {cell.task for cell in found} == {"generate"}
    elsewhere = {"ours-scratch", "ours-values", RECOGNISER}
    assert {cell.method for cell in found} == {*METHODS, "mine"} - elsewhere


@pytest.mark.parametrize(
    ("concept", "tasks"), [("near", set(TASKS)), ("colour", {"identify"}), ("quantity", set())]
)
def test_the_arm_acts_for_ours_in_its_first_episodes(concept: str, tasks: set[str]) -> None:
    acted = {c for c in cells(Job(concept, 1, 1), arm_episodes=2) if c.world == "arm"}
    assert acted == {Cell(5, "plain", "ours", "arm", task) for task in tasks}
    assert not {c for c in cells(Job(concept, 1, 2), arm_episodes=2) if c.world == "arm"}


def test_ablations_are_asked_what_ours_is() -> None:
    found = cells(Job("near", 1, 0), ablations=("no-pairs",), worlds=("particle",))
    mine, theirs = (
        {(c.setting, c.task) for c in found if c.method == m} for m in ("ours", "no-pairs")
    )
    assert mine == theirs


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        (
            {"concepts": ("nearby",)},
            UnknownConceptError,
            f"concepts holds 'nearby'; choose from {', '.join(SUBJECTS)}",
        ),
        (
            {"worlds": ("moon",)},
            UnknownConceptError,
            "worlds holds 'moon'; choose from particle, arm",
        ),
        ({"levels": (5,)}, UnknownConceptError, "levels holds 5; choose from 1, 2, 3, 4"),
        (
            {"methods": ("magic",)},
            UnknownConceptError,
            f"methods holds 'magic'; choose from {', '.join(METHODS)}",
        ),
        (
            {"conditions": ("dark",)},
            UnknownConceptError,
            "conditions holds 'dark'; choose from plain, jitter-2, jitter-5, noise-2, noise-5, "
            "wrong",
        ),
        (
            {"demonstrations": ()},
            ConfigError,
            "EvaluationConfig.demonstrations=() must be one or more different values",
        ),
        (
            {"methods": ("ours", "ours")},
            ConfigError,
            "EvaluationConfig.methods=('ours', 'ours') must be different values",
        ),
        (
            {"ablations": ("chance",)},
            ConfigError,
            f"EvaluationConfig.ablations=('chance',) must be other names than {', '.join(METHODS)}",
        ),
        (
            {"demonstrations": (0,)},
            ConfigError,
            "EvaluationConfig.demonstrations=(0,) must be at least 1",
        ),
        ({"episodes": 0}, ConfigError, "EvaluationConfig.episodes=0 must be at least 1"),
        ({"arm_episodes": -1}, ConfigError, "EvaluationConfig.arm_episodes=-1 must be at least 0"),
        ({"seed": -1}, ConfigError, "EvaluationConfig.seed=-1 must be in [0, 2**32)"),
    ],
)
def test_bad_values_are_refused(values: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=re.escape(text)):
        EvaluationConfig(**values)
