"""What objectives share: their registry, the random numbers of a step, the sum of their terms."""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from agent_scenes import TINY
from objective_batches import FEW, drawn, edits, make_model, small_pool
from test_scripts import parse

from conceptgym.agents import objectives
from conceptgym.agents.code import normalise_code
from conceptgym.agents.config import EnergyConfig, TrainConfig
from conceptgym.agents.objectives import OBJECTIVES, Objective, Step, find_objectives
from conceptgym.agents.objectives.base import editable_columns, encode, sum_terms, with_state
from conceptgym.agents.trainer import Trainer
from conceptgym.envs.concepts import TASKS
from conceptgym.envs.errors import ConfigError

THIRD = """
from conceptgym.agents.objectives import Objective

def loss(model, batch, draws, config):
    value = model.energy(batch.identify, model.encoder(
        batch.demos, batch.given, batch.summary, batch.rows).repeat_interleave(2, 0)).mean()
    return value + draws, {"identify": value}

OBJECTIVE = Objective(draw=lambda batch, step: step.share, loss=loss)
"""


def test_the_objectives_are_the_folders_files_and_the_default_is_one() -> None:
    assert set(OBJECTIVES) == {"projection", "denoising", "unrolled"}
    assert TrainConfig().objective == "projection"


def test_a_third_objective_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "third.py").write_text(THIRD)
    monkeypatch.setattr(objectives, "__path__", [*objectives.__path__, str(tmp_path)])
    found = find_objectives()
    assert set(found) == {*OBJECTIVES, "third"}
    monkeypatch.setitem(OBJECTIVES, "third", found["third"])
    trainer = Trainer(TINY, replace(FEW, objective="third"), fast=False)
    reports = list(trainer.run(small_pool()))
    shares = [report.loss - report.terms["identify"] for report in reports]
    assert shares == pytest.approx([0.0, 1 / 3, 2 / 3], abs=1e-6)


def test_an_objective_that_is_none_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fourth.py").write_text("OBJECTIVE = 5\n")
    monkeypatch.setattr(objectives, "__path__", [*objectives.__path__, str(tmp_path)])
    with pytest.raises(ConfigError) as caught:
        find_objectives()
    assert str(caught.value) == (
        "OBJECTIVE of agents/objectives/fourth.py is a int, expected an Objective; write "
        "OBJECTIVE = Objective(draw=…, loss=…)"
    )


def test_a_loss_without_a_gradient_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def loss(model: Any, batch: Any, draws: Any, config: Any) -> Any:
        return torch.zeros(()), {"identify": torch.zeros(())}

    flat = Objective(draw=lambda batch, step: None, loss=loss)
    monkeypatch.setitem(OBJECTIVES, "flat", flat)
    trainer = Trainer(TINY, replace(FEW, objective="flat"), fast=False)
    with pytest.raises(ConfigError) as caught:
        next(iter(trainer.run(small_pool())))
    assert str(caught.value) == (
        "an objective's loss has no gradient in the weights; compute it from model.energy, "
        "outside of torch.no_grad()"
    )


def test_the_documents_commands_train_and_evaluate_a_further_one() -> None:
    """docs/training.md: what is exported is what is evaluated, under the objective's name."""
    text = (Path(__file__).parents[1] / "docs" / "training.md").read_text()
    section = text[text.index("## A further objective") :]
    (block,) = re.findall(r"```sh\n(.*?)```", section, flags=re.DOTALL)
    lines = [shlex.split(line) for line in block.replace("\\\n", "").splitlines()]
    args = {}
    for _, script, *words in lines:
        name = Path(script).stem
        args[name] = parse(name, shlex.join(words))[1]
    train, evaluate = args["train"], args["evaluate"]
    assert train.train == replace(TrainConfig(), objective=train.out.name)
    assert evaluate.ablations == {train.out.name: train.export}
    assert evaluate.config.ablations == (train.out.name,)
    flag, value = re.findall(r"(--train\.\S+) (\d+)`", section)[0]
    assert parse("train", f"{flag} {value}")[1].train.sampler_steps == int(value)


def test_an_unknown_objective_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        Trainer(TINY, replace(FEW, objective="unroled"))
    assert str(caught.value) == (
        "TrainConfig.objective='unroled' is unknown; choose one of denoising, projection, "
        "unrolled, or add a file to agents/objectives/"
    )


@pytest.mark.parametrize("name", list(OBJECTIVES))
def test_draws_are_a_function_of_seed_and_step(name: str) -> None:
    torch.manual_seed(77)
    _, first = drawn(name)
    torch.manual_seed(78)
    _, again = drawn(name)
    others = [drawn(name, number=1)[1], drawn(name, replace(FEW, seed=1))[1]]
    for key, value in vars(first).items():
        assert torch.equal(value, getattr(again, key))
        assert not any(torch.equal(value, getattr(other, key)) for other in others)


def test_a_step_draws_normal_and_uniform_numbers_and_knows_its_share() -> None:
    step = Step(replace(FEW, steps=8), 6, code_size=4)
    assert step.share == 0.75
    normal, uniform = step.normal(20_000), step.uniform(20_000)
    assert abs(float(normal.mean())) < 0.03 and abs(float(normal.std()) - 1.0) < 0.03
    assert abs(float(uniform.mean()) - 0.5) < 0.01 and float(uniform.min()) >= 0.0
    assert float(uniform.max()) < 1.0


def test_terms_of_tasks_that_are_not_trained_are_left_out() -> None:
    names = ("generate", "generate_code", "identify", "identify_l2")
    terms = {name: torch.tensor(float(2**k)) for k, name in enumerate(names)}
    for tasks, total in ((TASKS, 15.0), (("generate",), 3.0), (("identify",), 12.0)):
        found, kept = sum_terms(terms, replace(FEW, tasks=tasks))
        assert float(found) == total == sum(float(value) for value in kept.values())
        assert all(name.startswith(tasks) for name in kept)


ONE = torch.tensor(1.0)


@pytest.mark.parametrize(
    ("terms", "tasks", "text"),
    [
        (
            {"identify": ONE, "l2": 100.0 * ONE},
            TASKS,
            "terms holds 'l2', which no task's name begins; call it generate_l2 or identify_l2, "
            "whichever it trains",
        ),
        (
            {"generate": ONE, "l2_identify": ONE},
            ("generate",),
            "terms holds 'l2_identify', which no task's name begins; call it generate_l2_identify "
            "or identify_l2_identify, whichever it trains",
        ),
        (
            {},
            TASKS,
            "terms holds nothing, but TrainConfig.tasks=('generate', 'identify'); give at least "
            "one term of a task that is trained",
        ),
        (
            {"identify": ONE, "identify_l2": ONE},
            ("generate",),
            "terms holds identify, identify_l2, but TrainConfig.tasks=('generate',); give at "
            "least one term of a task that is trained",
        ),
        (
            {"generate": 1.0},
            TASKS,
            "generate of an objective is float, expected a tensor of shape (); return the mean "
            "over the batch",
        ),
        (
            {"generate": ONE, "identify": torch.ones(3)},
            ("generate",),
            "identify of an objective is (3,), expected a tensor of shape (); return the mean "
            "over the batch",
        ),
    ],
)
def test_terms_that_cannot_be_summed_are_refused(
    terms: dict[str, Any], tasks: tuple[str, ...], text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        sum_terms(terms, replace(FEW, tasks=tasks))
    assert str(caught.value) == text


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            ONE,
            "an objective's loss returned a Tensor, expected the loss and a dictionary of its "
            "terms; return what sum_terms(terms, config) returns",
        ),
        (
            (ONE, ONE, {}),
            "an objective's loss returned a tuple of 3, expected the loss and a dictionary of its "
            "terms; return what sum_terms(terms, config) returns",
        ),
        (
            (ONE, {"identify": 1.0}),
            "identify of an objective is float, expected a tensor of shape (); return the mean "
            "over the batch",
        ),
        (
            (torch.ones(2), {"identify": ONE}),
            "the loss of an objective is (2,), expected a tensor of shape (); return the mean "
            "over the batch",
        ),
    ],
)
def test_a_loss_returns_itself_and_its_terms(found: Any, text: str, compiled: bool) -> None:
    batch, _ = drawn("projection")
    loss = Objective(draw=lambda batch, step: None, loss=lambda *arguments: found).loss
    if compiled:
        torch.compiler.reset()
        loss = torch.compile(loss, backend="eager", dynamic=False)
    with pytest.raises(ConfigError) as caught:
        loss(make_model(), batch, None, FEW)
    assert str(caught.value) == text


@pytest.mark.parametrize("name", ["projection", "denoising"])
def test_the_checks_leave_a_loss_in_one_graph(name: str) -> None:
    batch, draws = drawn(name)
    torch.compiler.reset()
    loss = torch.compile(OBJECTIVES[name].loss, backend="eager", fullgraph=True)
    found, _ = loss(make_model(), batch, draws, FEW)
    torch.testing.assert_close(found, OBJECTIVES[name].loss(make_model(), batch, draws, FEW)[0])


@pytest.mark.parametrize("name", list(OBJECTIVES))
@pytest.mark.parametrize("task", TASKS)
def test_tasks_trained_apart_have_the_joint_losss_terms(name: str, task: str) -> None:
    """Unrolled codes alone differ: they are found by the trained tasks' energies."""
    batch, draws = drawn(name)
    both = OBJECTIVES[name].loss(make_model(), batch, draws, FEW)[1]
    loss, alone = OBJECTIVES[name].loss(make_model(), batch, draws, replace(FEW, tasks=(task,)))
    assert set(alone) == {key for key in both if key.startswith(task)}
    torch.testing.assert_close(loss, torch.stack(list(alone.values())).sum())
    if name != "unrolled":
        for key, value in alone.items():
            torch.testing.assert_close(value, both[key])


SWITCHES = [
    replace(TINY, pairs=False),
    replace(TINY, pairs=False, closed_forms=False),
    replace(TINY, separate_codes=True),
    replace(TINY, pairs=False, separate_codes=True),
]


@pytest.mark.parametrize("name", list(OBJECTIVES))
@pytest.mark.parametrize("energy", SWITCHES)
def test_every_objective_trains_every_variant_of_the_energy(
    name: str, energy: EnergyConfig
) -> None:
    config = replace(FEW, objective=name, sampler_steps=1)
    trainer = Trainer(energy, config, fast=False)
    before = {key: value.clone() for key, value in trainer.model.energy.state_dict().items()}
    list(trainer.run(small_pool()))
    after = trainer.model.energy.state_dict()
    assert all(bool(torch.isfinite(value).all()) for value in after.values())
    assert not any(torch.equal(value, before[key]) for key, value in after.items())


def test_code_noise_disturbs_the_learned_part_alone() -> None:
    batch, draws = drawn("projection")
    model, size = make_model(), TINY.code_size
    guess = model.encoder(batch.demos, batch.given, batch.summary, batch.rows)
    plain, found = normalise_code(guess), encode(model, batch, draws.code, FEW)
    assert torch.equal(found[:, size:], plain[:, size:])
    torch.testing.assert_close(found[:, :size] - plain[:, :size], FEW.code_noise * draws.code)


def test_states_replace_positions_and_colours_of_what_may_be_edited() -> None:
    batch, _ = drawn("projection")
    assert torch.equal(editable_columns(batch.generate), edits(batch.generate))
    mended = with_state(batch.generate, batch.target)
    assert torch.equal(mended.entities[..., :5], batch.target)
    assert torch.equal(mended.entities[..., 5:], batch.generate.entities[..., 5:])
    fixed = edits(batch.generate) == 0
    torch.testing.assert_close(
        mended.entities[..., :5][fixed], batch.generate.entities[..., :5][fixed]
    )


def test_an_objective_is_amortised_unless_it_says_otherwise() -> None:
    assert Objective(
        draw=OBJECTIVES["projection"].draw, loss=OBJECTIVES["projection"].loss
    ).amortised
    assert {name: o.amortised for name, o in OBJECTIVES.items()} == {
        "denoising": True,
        "projection": True,
        "unrolled": False,
    }
