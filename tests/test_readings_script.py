"""scripts/readings.py: a tiny run leaves page and picture; its tables are what was found."""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import tyro
from doc_tables import read_tables
from evaluation_scenes import save_tiny
from PIL import Image

from conceptgym.agents.config import InferenceConfig
from conceptgym.agents.infer import infer
from conceptgym.agents.model import load_model
from conceptgym.agents.readings.ambiguity import draw_case, methods, solve
from conceptgym.agents.readings.diversity import measure_diversity
from conceptgym.agents.readings.measured import measure_ambiguity
from conceptgym.agents.terms import concept_term
from conceptgym.agents.wilson import wilson_interval
from conceptgym.envs.errors import ConfigError

SCRIPT = Path(__file__).parents[1] / "scripts" / "readings.py"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("scripts_readings", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def run(line: str) -> Any:
    module = load()
    module.main(tyro.cli(module.Args, args=shlex.split(line)))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a tiny run, and its weights."""
    folder = tmp_path_factory.mktemp("readings")
    weights = save_tiny(folder / "tiny.safetensors")
    line = "--ambiguous near left_of --cases 2 --answered at_distance colour --scenes 2 --seeds 2"
    line += " --code-particles 3 --readings 2 --picture-particles 3 --tries 1"
    run(f"{line} --checkpoint {weights} --out {folder / 'new'}")
    return folder / "new", weights


def test_the_page_shows_the_picture(written: tuple[Path, Path]) -> None:
    text = (written[0] / "readings.md").read_text()
    (name,) = re.findall(r"!\[.*?\]\((.*?)\)", text)
    with Image.open(written[0] / name) as image:
        assert image.format == "PNG" and image.width > 900
        assert len(np.unique(np.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)) > 500


def share(successes: int, trials: int) -> str:
    low, high = (100 * end for end in wilson_interval(successes, trials))
    return f"{100 * successes / trials:.0f} ({low:.0f}-{high:.0f})"


def test_success_is_what_each_method_does(written: tuple[Path, Path]) -> None:
    model, _ = load_model(written[1])
    table, _ = read_tables((written[0] / "readings.md").read_text())
    ways, total = methods(code_particles=3, readings=2), dict.fromkeys(methods(), 0)
    assert [row["concept"] for row in table] == ["near", "left_of", "all"]
    for row in table[:2]:
        found = [solve(model, draw_case(row["concept"], k), ways) for k in range(2)]
        for way in ways:
            solved = sum(outcomes[way] for outcomes in found)
            total[way] += solved
            assert row[way] == share(solved, 2)
    for way, solved in total.items():
        assert table[2][way] == share(solved, 4)


def test_a_concept_that_is_named_twice_has_no_more_cases(written: tuple[Path, Path]) -> None:
    model, _ = load_model(written[1])
    ways = {"two shown": methods()["two shown"]}
    once, *twice = (
        found
        for names in (["near"], ["near", "near"])
        for found in measure_ambiguity(model, names, ways, cases=2)
    )
    assert once.cases == 2 and twice == [once, once]


def test_diversity_is_that_of_each_scene(written: tuple[Path, Path]) -> None:
    model, _ = load_model(written[1])
    _, table = read_tables((written[0] / "readings.md").read_text())
    assert [row["concept"] for row in table] == ["at_distance", "colour"]
    for row in table:
        cases = [draw_case(row["concept"], k, demonstrations=5) for k in range(2)]
        found = []
        for case in cases:
            term = concept_term(model.energy, infer(model, case.demonstrations).code)
            config = InferenceConfig()
            found.append(
                measure_diversity([term], case.concept, case.question, seeds=2, config=config)
            )
        assert row["scenes × seeds"] == "2 × 2"
        assert row["valid answers [%]"] == share(sum(int(each.held.sum()) for each in found), 4)
        assert row["nearest"] == f"{np.mean([each.reference for each in found]):.2f}"
        spreads = [each.spread for each in found if each.held.sum() >= 2]
        assert row["spread"] == (f"{np.mean(spreads):.2f}" if spreads else "–")
    radii = [draw_case("at_distance", k, demonstrations=5).concept for k in range(2)]
    mean = np.mean([4 * each.parameters["distance"] / np.pi for each in radii])
    assert table[0]["circle 4r/π"] == f"{mean:.2f}" and table[1]["circle 4r/π"] == "–"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--ambiguous nearby", "ambiguous holds 'nearby'; choose from colour, region,"),
        ("--pictured two_in_order", "pictured holds 'two_in_order'; choose from colour, region,"),
        ("--ambiguous", "ambiguous=() must be one or more different concepts"),
        ("--answered near near", "answered=('near', 'near') must be one or more different"),
        ("--cases 0", "cases=0 must be at least 1"),
        ("--readings 20", "InferenceConfig.readings=20 must be at most code_particles=13"),
        ("--temperature -1", "InferenceConfig.temperature=-1.0 must be at least 0"),
        ("--code-particles 0", "InferenceConfig.code_particles=0 must be at least 1"),
        ("--picture-particles 0", "InferenceConfig.code_particles=0 must be at least 1"),
        ("--seeds 1", "seeds=1 must be at least 2, to compare answers"),
        ("--pictured colour", "pictured='colour' moves no cursor; choose from left_of, right_of,"),
    ],
)
def test_what_it_cannot_do_is_refused_at_once(
    tmp_path: Path, line: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conceptgym.agents.model.load_model", None)  # nothing is computed
    with pytest.raises(ConfigError, match=f"^{re.escape(text)}"):
        run(f"{line} --out {tmp_path}")
    assert not list(tmp_path.iterdir())
