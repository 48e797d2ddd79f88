"""The training loop: a step depends on its number alone, so resuming loses nothing."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from agent_scenes import TINY
from objective_batches import FEW, small_pool

from conceptgym.agents.checkpoint import load_tensors, save_tensors
from conceptgym.agents.config import EnergyConfig, TrainConfig
from conceptgym.agents.objectives import OBJECTIVES
from conceptgym.agents.trainer import Trainer
from conceptgym.envs.errors import CheckpointError, NonFiniteError

POOL = small_pool(FEW)
SEVERAL = [replace(FEW, objective=name) for name in OBJECTIVES]


@pytest.fixture(autouse=True)
def _one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_trainer(train: TrainConfig = FEW, energy: EnergyConfig = TINY) -> Trainer:
    return Trainer(energy, train, fast=False)


def run(trainer: Trainer, steps: int) -> list[tuple[float, dict[str, float]]]:
    reports = islice(trainer.run(POOL), steps)
    return [(report.loss, report.terms) for report in reports]


def parameters(trainer: Trainer) -> list[torch.Tensor]:
    models = (trainer.model, trainer.average)
    return [p.detach().clone() for model in models for p in model.parameters()]


def equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(("factor", "shown"), [(lambda v: v * math.nan, "nan"), (torch.sqrt, "0")])
def test_what_is_not_finite_ends_the_run_and_spoils_nothing(
    factor: Callable[[torch.Tensor], torch.Tensor], shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss, or the slope of the square root at 0."""
    trainer = make_trainer()
    run(trainer, 1)
    kept = parameters(trainer)

    def diverged(model: torch.nn.Module, *_: object) -> tuple[torch.Tensor, dict]:
        value = factor(next(model.parameters()).square().sum() * 0.0)
        return value, {"generate": value, "identify": value.new_tensor(2.0)}

    monkeypatch.setattr(trainer, "_loss", diverged)
    with pytest.raises(NonFiniteError) as caught:
        run(trainer, 1)
    assert str(caught.value) == (
        f"the loss of step 1 or its gradient is not finite (generate {shown}, identify 2); lower "
        "TrainConfig.learning_rate or gradient_clip, or mend the objective; the last checkpoint "
        "is whole"
    )
    assert trainer.step == 1 and equal(parameters(trainer), kept)


def test_it_trains_to_the_configured_step_and_no_further() -> None:
    trainer = make_trainer()
    start = parameters(trainer)
    reports = list(trainer.run(POOL))
    assert [report.step for report in reports] == [1, 2, 3]
    assert all(math.isfinite(report.loss) for report in reports)
    assert 0 < reports[0].seconds < reports[-1].seconds == trainer.seconds
    assert not equal(parameters(trainer), start)
    assert list(trainer.run(POOL)) == []


def test_the_same_seed_trains_to_the_same_bits() -> None:
    one, other = make_trainer(), make_trainer(replace(FEW, seed=1))
    again = make_trainer()
    assert run(one, 3) == run(again, 3) != run(other, 3)
    assert equal(parameters(one), parameters(again))


@pytest.mark.parametrize("config", SEVERAL, ids=list(OBJECTIVES))
@pytest.mark.parametrize("stop", [0, 1, 2])
def test_a_resumed_run_equals_an_uninterrupted_one(
    tmp_path: Path, stop: int, config: TrainConfig
) -> None:
    whole, first = make_trainer(config), make_trainer(config)
    path = tmp_path / "checkpoint.safetensors"
    reports = run(first, stop)
    first.save(path)
    torch.manual_seed(1234)  # what happened in between does not matter
    second = make_trainer(config)
    second.resume(path)
    assert second.step == stop
    assert second.seconds == first.seconds == second.saved_at == first.saved_at
    assert equal(parameters(second), parameters(first))
    reports += run(second, 3)
    assert reports == run(whole, 3)
    assert equal(parameters(second), parameters(whole))


@pytest.mark.parametrize("energy", [replace(TINY, pairs=False), replace(TINY, separate_codes=True)])
def test_a_run_of_one_task_resumes(tmp_path: Path, energy: EnergyConfig) -> None:
    """Weights that this task does not use have no optimiser's state."""
    config = replace(FEW, tasks=("identify",))
    whole, first, second = (make_trainer(config, energy) for _ in range(3))
    path = tmp_path / "checkpoint.safetensors"
    reports = run(first, 1)
    first.save(path)
    second.resume(path)
    assert reports + run(second, 3) == run(whole, 3)
    assert equal(parameters(second), parameters(whole))


def test_a_checkpoint_tells_whether_inference_may_start_from_the_encoder(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    for config in SEVERAL:
        make_trainer(config).save(path)
        assert load_tensors(path)[1]["amortised"] == (config.objective != "unrolled")


def test_another_objective_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    make_trainer().save(path)
    with pytest.raises(CheckpointError) as caught:
        make_trainer(replace(FEW, objective="unrolled")).resume(path)
    assert str(caught.value) == (
        f"checkpoint {path} has train.objective='projection', expected 'unrolled'; "
        "use its own configuration or another path"
    )


def test_a_kill_while_saving_leaves_the_run_resumable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def fail(*arguments: object) -> NoReturn:
        raise KilledError

    path = tmp_path / "checkpoint.safetensors"
    trainer, whole = make_trainer(), make_trainer()
    run(trainer, 1)
    trainer.save(path)
    saved_at = trainer.saved_at
    run(trainer, 1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(KilledError):
            trainer.save(path)
    assert trainer.saved_at == saved_at
    resumed = make_trainer()
    resumed.resume(path)
    assert resumed.step == 1
    assert run(resumed, 2) == run(whole, 3)[1:]


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.safetensors"
    make_trainer().save(path)
    longer = make_trainer(replace(FEW, steps=4, state_noise=(0.1, 3.0)))
    wider = make_trainer(FEW, EnergyConfig(width=9, code_size=4))
    for trainer, difference in (
        (longer, "train.state_noise=[0.02, 3.0], expected [0.1, 3.0]"),
        (wider, "energy.width=8, expected 9"),
    ):
        start = parameters(trainer)
        with pytest.raises(CheckpointError) as caught:
            trainer.resume(path)
        assert str(caught.value) == (
            f"checkpoint {path} has {difference}; use its own configuration or another path"
        )
        assert equal(parameters(trainer), start) and trainer.step == 0


@pytest.mark.parametrize("spoil", ["exported", "a tensor less", "no step"])
def test_a_file_that_is_no_training_checkpoint_is_refused(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "checkpoint.safetensors"
    trainer = make_trainer()
    run(trainer, 1)
    trainer.save(path)
    tensors, header = load_tensors(path)
    if spoil == "exported":
        tensors = {k.removeprefix("average."): v for k, v in tensors.items() if "average" in k}
    elif spoil == "a tensor less":
        del tensors["model.energy.code.weight"]
    else:
        del header["step"]
    save_tensors(path, tensors, header)
    fresh = make_trainer()
    start = parameters(fresh)
    with pytest.raises(CheckpointError, match=f"^{re.escape(f'checkpoint {path} ')}") as caught:
        fresh.resume(path)
    assert str(caught.value).endswith(
        "holds other entries than a training run writes; resume from the checkpoint.safetensors "
        "of a run, or start anew in another folder"
    )
    assert equal(parameters(fresh), start) and fresh.step == 0


def test_the_learning_rate_warms_up_and_falls_to_a_fiftieth() -> None:
    config = TrainConfig(steps=1000, warm_up_steps=100, learning_rate=0.01)
    trainer = make_trainer(config)
    rates = {}
    for step in (0, 49, 99, 500, 1000):
        trainer.step = step
        rates[step] = trainer.learning_rate
    assert rates[0] == pytest.approx(0.01 / 100)
    assert rates[49] == pytest.approx(0.005, rel=0.01)
    assert rates[99] == pytest.approx(0.01, rel=0.03)
    assert rates[500] == pytest.approx(0.01 * 0.51)
    assert rates[1000] == pytest.approx(0.01 / 50)


def test_the_average_follows_the_model() -> None:
    """After step n the average keeps min(ema_decay, n / (n + 10)) of itself."""
    trainer = make_trainer()
    average = [p.detach().clone() for p in trainer.average.parameters()]
    for number in (1, 2, 3):
        run(trainer, 1)
        keep = number / (number + 10.0)
        model = [p.detach() for p in trainer.model.parameters()]
        average = [keep * a + (1.0 - keep) * m for a, m in zip(average, model, strict=True)]
        found = [p.detach() for p in trainer.average.parameters()]
        torch.testing.assert_close(found, average, rtol=1e-5, atol=1e-7)
