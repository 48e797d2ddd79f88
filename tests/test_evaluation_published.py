"""Published outcomes: nothing is lost or made up, and a broken file is refused."""

from __future__ import annotations

import json
import re
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from evaluation_scenes import CARE, outcome, outcomes
from hypothesis import given
from hypothesis import strategies as st

from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.evaluation.published import missing_from, publish, read_published
from conceptgym.agents.evaluation.store import OutcomeStore
from conceptgym.envs.errors import CheckpointError

ABOUT = {"seed": 0, "sha256 of ours": "abc", "sha256 of mine": "z"}
SAVED = [
    *outcomes(1, 3, objects=7),
    outcome(episode=2, method="mine", success=False, objects=7),
    outcome(condition="wrong", method="chance", objects=7),
    outcome(world="arm", arm=CARE),
    outcome(world="arm", episode=3, arm=replace(CARE, fingertip_error=None, reason="too far")),
    outcome(concept="figure", level=2, variant="zigzag", method="mine", success=False),
    outcome(concept="figure", level=2, variant="cross", episode=4),
]


def ordered(items: list[Outcome]) -> list[str]:
    return sorted(map(repr, items))


def test_what_is_published_is_read_again(tmp_path: Path) -> None:
    path = publish(tmp_path / "new" / "outcomes.jsonl", SAVED, ABOUT)
    found, about = read_published(path)
    assert ordered(found) == ordered(SAVED) and about == ABOUT


QUESTIONS = st.tuples(
    *(st.sampled_from(["near", "colour"]), st.sampled_from([1, 3])),
    *(st.sampled_from(["ours", "mine"]), st.sampled_from([1, 5]), st.integers(0, 12)),
)


@given(st.dictionaries(QUESTIONS, st.booleans()), st.randoms(use_true_random=False))
def test_any_outcomes_survive_in_any_order(
    tmp_path_factory: pytest.TempPathFactory, verdicts: dict[Any, bool], random: Any
) -> None:
    items = [
        outcome(
            concept=concept,
            level=level,
            method=method,
            demonstrations=number,
            episode=k,
            objects=2 + k % 7 + level,
            success=success,
        )
        for (concept, level, method, number, k), success in verdicts.items()
    ]
    folder = tmp_path_factory.mktemp("published")
    path = publish(folder / "a.jsonl", items, ABOUT)
    random.shuffle(items)
    assert publish(folder / "b.jsonl", items, ABOUT).read_bytes() == path.read_bytes()
    assert ordered(read_published(path)[0]) == ordered(items)


def test_a_line_reads_as_its_docstring_says(tmp_path: Path) -> None:
    path = publish(tmp_path / "outcomes.jsonl", SAVED, ABOUT)
    about, *lines = map(json.loads, path.read_text().splitlines())
    assert about == ABOUT
    figure, arm, near = lines
    assert near == {
        "concept": "near",
        "level": 1,
        "world": "particle",
        "task": "generate",
        "objects": [7, 7, 7],
        "answers": [
            {"method": "chance", "demonstrations": 5, "condition": "wrong", "right": "1"},
            {"method": "mine", "demonstrations": 5, "condition": "plain", "right": "--0"},
            {"method": "ours", "demonstrations": 5, "condition": "plain", "right": "100"},
        ],
    }
    assert figure["objects"] == [4, 0, 0, 0, 4]
    assert figure["variants"] == ["zigzag", "", "", "", "cross"]
    assert arm["answers"][0]["right"] == "1--1"
    assert arm["answers"][0]["arm"][:2] == [list(astuple(CARE)), None]


def test_a_store_starts_from_published_outcomes_and_leaves_them_alone(tmp_path: Path) -> None:
    published = publish(tmp_path / "published.jsonl", SAVED[1:], ABOUT)
    before, own = published.read_bytes(), tmp_path / "own.jsonl"
    with OutcomeStore(own, seed=0, digests={"ours": "abc"}) as store:
        store.add(SAVED[:2])
        store.start_from(published)
        assert ordered(store.outcomes) == ordered(SAVED) and store.about == ABOUT
        store.add(SAVED)
    assert len(own.read_text().splitlines()) == 1 + 2 + len(SAVED)
    assert published.read_bytes() == before


@pytest.mark.parametrize(
    ("digests", "name", "known", "value"),
    [
        ({"ours": "other"}, "sha256 of ours", "abc", "other"),
        ({"ours": "abc", "mine": "y"}, "sha256 of mine", "z", "y"),
    ],
)
def test_published_outcomes_of_other_weights_are_refused(
    tmp_path: Path, digests: dict[str, str], name: str, known: str, value: str
) -> None:
    path = publish(tmp_path / "outcomes.jsonl", SAVED, ABOUT)
    store = OutcomeStore(tmp_path / "own.jsonl", seed=0, digests=digests)
    text = (
        f"{path} holds outcomes of {name}={known!r}, not {value!r}; "
        "do without it, or evaluate what it is about"
    )
    with pytest.raises(CheckpointError, match=re.escape(text)):
        store.start_from(path)
    assert store.outcomes == []


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.jsonl"
    text = f"{path} does not exist; name a file that --record wrote"
    with pytest.raises(CheckpointError, match=re.escape(text)):
        read_published(path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (']}\n{"concept"', ']\n{"concept"', "JSONDecodeError: Expecting ',' delimiter"),
        ('"objects"', '"things"', "KeyError: 'objects'"),
        ('"right":"100"', '"right":"1x0"', "KeyError: 'x'"),
        ('"right":"100"', '"right":"1001"', "IndexError: list index out of range"),
        ('{"seed":0', '[{"seed":0', "JSONDecodeError: Expecting ',' delimiter"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = publish(tmp_path / "outcomes.jsonl", SAVED, ABOUT)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(CheckpointError) as caught:
        read_published(path)
    assert str(caught.value).startswith(f"{path} holds no published outcomes ({reason}")
    assert str(caught.value).endswith("; fetch it anew, or do without it")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    with pytest.raises(CheckpointError, match="holds no published outcomes"):
        read_published(path)


def test_what_publishing_would_lose_is_told(tmp_path: Path) -> None:
    """Verdicts about the same weights; those of others are meant to be replaced."""
    path, about = tmp_path / "outcomes.jsonl", {"seed": 0, "sha256 of ours": "abc"}
    assert missing_from([], path, about) == []
    there = [*outcomes(2, 3), *outcomes(1, 2, method="mine"), *outcomes(1, 1, method="ours-guess")]
    publish(path, there, about | {"sha256 of mine": "def"})
    assert missing_from(there, path, about) == []
    more = [*there, *outcomes(4, 4, concept="square")]
    assert missing_from(more, path, about) == []
    assert missing_from(there[1:], path, about) == there[:1]
    assert {item.method for item in missing_from(outcomes(2, 3), path, about)} == {
        "mine",
        "ours-guess",
    }
    new = about | {"sha256 of mine": "new"}
    assert {item.method for item in missing_from(outcomes(2, 3), path, new)} == {"ours-guess"}
    assert missing_from([], path, about | {"sha256 of ours": "new"}) == []
    assert ordered(missing_from(there, path, about | {"seed": 1})) == ordered(there)
