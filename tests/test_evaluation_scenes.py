"""Scenes of an episode: seeded, paired, of the level's parameters and sizes, disturbed as told."""

from __future__ import annotations

import numpy as np
import pytest

from conceptgym.agents.evaluation.config import SUBJECTS, Job, Purpose, has_level
from conceptgym.agents.evaluation.scenes import demonstrate, draw_concept, draw_episode
from conceptgym.envs import CONCEPTS, Demonstration, record_demonstrations
from conceptgym.envs.concepts.composed import Composed
from conceptgym.envs.concepts.compositions import COMPOSITIONS
from conceptgym.envs.concepts.figure_library import HELD_OUT

JOBS = [
    Job(name, level, 3) for name in SUBJECTS for level in (1, 2, 3, 4) if has_level(name, level)
]


def same(one: Demonstration, other: Demonstration) -> bool:
    return all(np.array_equal(getattr(one, n), getattr(other, n)) for n in vars(one))


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.concept}-{job.level}")
def test_an_episode_is_that_of_its_level(job: Job) -> None:
    episode = draw_episode(job)
    assert episode.concept.held_out == (job.level == 2)
    low, high = (9, 12) if job.level == 3 else (2, 8)
    for event in episode.questions.values():
        assert low <= np.count_nonzero(event.after.objects) <= high
    terms = episode.concept.terms if isinstance(episode.concept, Composed) else (episode.concept,)
    assert [len(shown) for shown in episode.shown] == [5] * len(terms)
    for term, shown in zip(terms, episode.shown, strict=True):
        for item in shown:
            assert 2 <= np.count_nonzero(item.state_at(-1).objects) <= 8
            assert term.succeeds(item.state_at(-1), item.attention)
            assert len(item.stops()) == len(term.phases)


def test_fewer_demonstrations_are_the_first_of_more() -> None:
    job = Job("square", 1, 0)
    few, many = (draw_episode(job, demonstrations=number) for number in (2, 10))
    assert few.concept == many.concept
    assert all(map(same, few.shown[0], many.shown[0][:2]))
    np.testing.assert_array_equal(few.ranks, many.ranks[:2])
    assert same(few.wrong[0], many.wrong[0])
    for task in few.questions:
        one, other = few.questions[task], many.questions[task]
        np.testing.assert_array_equal(one.before.entities, other.before.entities)


def test_episodes_differ() -> None:
    base = draw_episode(Job("near", 1, 0)).questions["generate"].before.entities
    for job, seed in ((Job("near", 1, 1), 0), (Job("near", 1, 0), 1), (Job("above", 1, 0), 0)):
        other = draw_episode(job, seed=seed).questions["generate"].before.entities
        assert not np.array_equal(base, other)


def test_the_questions_of_both_tasks_differ() -> None:
    questions = draw_episode(Job("near", 1, 0)).questions
    one, other = (questions[task].after.entities for task in ("generate", "identify"))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("condition", "deviation", "most"),
    [
        ("jitter-2", 0.04 / 3**0.5, 0.04),
        ("jitter-5", 0.1 / 3**0.5, 0.1),
        ("noise-2", 0.04, np.inf),
        ("noise-5", 0.1, np.inf),
    ],
)
def test_jitter_shifts_every_entity_once_for_all_its_states(
    condition: str, deviation: float, most: float
) -> None:
    shifts = []
    for k in range(30):
        episode = draw_episode(Job("three_in_order", 1, k))
        for plain, noisy in zip(episode.shown[0], episode.disturbed(condition)[0], strict=True):
            change = noisy.trajectory - plain.trajectory
            np.testing.assert_allclose(change, np.broadcast_to(change[0], change.shape), atol=1e-6)
            assert not change[:, :, 2:].any() and not change[:, ~plain.present].any()
            shifts.append(change[0, plain.present, :2].ravel())
            assert np.abs(change[0, plain.state_at(0).cursor, :2]).min() > 0
    values = np.concatenate(shifts)
    assert values.std() == pytest.approx(deviation, rel=0.05)
    assert abs(values.mean()) < 3 * deviation / np.sqrt(len(values))
    assert np.abs(values).max() <= most + 1e-6
    assert np.abs(values).max() > min(0.95 * most, 3 * deviation)


def test_one_of_five_is_wrong() -> None:
    """It takes each place now and then, and its concept is always another."""
    places = []
    for k in range(40):
        episode = draw_episode(Job("colour", 1, k))
        pairs = zip(episode.shown[0], episode.disturbed("wrong")[0], strict=True)
        changed = [number for number, (plain, shown) in enumerate(pairs) if not same(plain, shown)]
        assert len(changed) == 1
        places += changed
        wrong = episode.disturbed("wrong")[0][changed[0]]
        assert not wrong.paintable.any()  # colour alone paints
    assert set(places) == set(range(5))


@pytest.mark.parametrize("name", list(CONCEPTS))
def test_a_demonstration_is_what_is_recorded_without_the_way(name: str) -> None:
    """It begins, stops and ends where a recording of the same scene does."""
    for seed in range(3):
        (recorded,) = record_demonstrations(concept=name, episodes=1, seed=seed)
        concept = CONCEPTS[name]()
        stops = recorded.stops()
        assert len(stops) == len(concept.phases)
        states = [recorded.trajectory[step] for step in stops]
        event = concept.sample(np.random.default_rng(seed), n_objects=7)
        shown = demonstrate(event)
        assert [shown.trajectory[step].tolist() for step in shown.stops()] == [
            stop.entities.tolist() for stop in event.stops
        ]
        np.testing.assert_array_equal(shown.before, event.before.entities)
        for phase, state in zip(concept.phases, states, strict=True):
            assert phase.succeeds(recorded.state_at(0).with_entities(state), recorded.attention)


def test_held_out_figures_are_named_and_all_come_up() -> None:
    names = [draw_episode(Job("figure", 2, k), demonstrations=1).variant for k in range(60)]
    assert set(names) == set(HELD_OUT)
    assert draw_episode(Job("figure", 1, 0), demonstrations=1).variant == ""


def test_numbers_are_named() -> None:
    episode = draw_episode(Job("quantity", 1, 0), demonstrations=1)
    assert episode.variant == str(episode.concept.parameters["count"])


def test_large_scenes_have_figures_that_fit_them() -> None:
    for k in range(40):
        rng = np.random.default_rng(Job("figure", 3, k).seed_for(Purpose.PARAMETERS, 0))
        assert draw_concept("figure", 3, rng).num_objects[1] >= 9


@pytest.mark.parametrize("name", list(COMPOSITIONS))
def test_compositions_ask_for_all_terms_at_once(name: str) -> None:
    episode = draw_episode(Job(name, 4, 1), demonstrations=1)
    event = episode.questions["generate"]
    attentions = getattr(event, "attentions", None)
    assert attentions is not None
    assert episode.concept.succeeds(event.after, attentions)
    assert not episode.concept.succeeds(event.before, attentions)
