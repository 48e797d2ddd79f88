"""Lanes: energies and gradients computed together are those computed alone; errors come through."""

from __future__ import annotations

import threading
import time
from dataclasses import fields

import numpy as np
import pytest
import torch
from agent_scenes import demonstrations, draw_event, random_scene, tiny_model

from conceptgym.agents import ConceptAgent
from conceptgym.agents.evaluation.energies import Answer, Energies, Energy, Needs
from conceptgym.agents.evaluation.lanes import Lanes
from conceptgym.agents.model import ConceptModel
from conceptgym.agents.scene import Scene


def gradients(model: ConceptModel, number: int, names: tuple[str, ...]) -> list[torch.Tensor]:
    """A batch's energies, and their weighted sum's gradients in some inputs."""
    scene = random_scene(number, count=1 + number % 3, rows=6 + number % 3)
    scene = scene.map(torch.Tensor.float)
    return gradients_of(model, scene.as_static() if number % 2 else scene, number, names)


def gradients_of(
    model: ConceptModel, scene: Scene, number: int, names: tuple[str, ...]
) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(number)
    codes = torch.randn(len(scene.present), model.energy.code_size, generator=draw)
    inputs = {"entities": scene.entities, "attention": scene.attention, "codes": codes}
    asked = [inputs[name].requires_grad_(True) for name in names]
    level = model.energy(scene.replace(**{n: inputs[n] for n in names if n != "codes"}), codes)
    weights = torch.arange(1.0, len(level) + 1.0)
    found = torch.autograd.grad((weights * level).sum(), asked) if names else ()
    return [level.detach(), *found]


@pytest.mark.parametrize(
    "names", [(), ("entities",), ("attention",), ("codes",), ("entities", "codes")]
)
def test_what_is_computed_together_is_what_is_computed_alone(names: tuple[str, ...]) -> None:
    model, lanes = tiny_model(), Lanes(4)
    shared = lanes.share(model)
    together = lanes.map(lambda number: gradients(shared, number, names), range(11))
    for number, found in enumerate(together):
        for one, other in zip(found, gradients(model, number, names), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


class Sized(Energies):
    """Computes scenes of few entities apart."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def sizes(self, present: torch.Tensor) -> list[int]:
        return [6 if used <= 6 else 9 for used in (present > 0).sum(1).tolist()]

    def __call__(self, energy: Energy, scene: Scene, codes: torch.Tensor, needs: Needs) -> Answer:
        self.seen.append(scene.present.shape[1])
        return super().__call__(energy, scene, codes, needs)


@pytest.mark.parametrize("names", [(), ("entities",), ("attention",), ("codes",)])
def test_scenes_of_one_question_may_be_computed_apart(names: tuple[str, ...]) -> None:
    model, ways = tiny_model(), Sized()
    lanes = Lanes(3, ways)

    def ask(model: ConceptModel, number: int) -> list[torch.Tensor]:
        small = random_scene(number, count=2, number=4, rows=9)
        large = random_scene(number + 9, count=2, number=8, rows=9)
        parts = {
            f.name: torch.cat([getattr(small, f.name), getattr(large, f.name)])[
                [0, 2, 1, 3]
            ].float()
            for f in fields(Scene)
            if f.name != "static"
        }
        scene = Scene(**parts, static=number % 2 == 1)
        return gradients_of(model, scene, number, names)

    together = lanes.map(lambda number: ask(lanes.share(model), number), range(5))
    assert set(ways.seen) == {6, 9}
    for number, found in enumerate(together):
        for one, other in zip(found, ask(model, number), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_energies_are_computed_in_batches() -> None:
    model, lanes, sizes = tiny_model(), Lanes(4), []
    forward = model.energy.forward

    def counted(scene, codes):
        sizes.append(len(codes))
        return forward(scene, codes)

    model.energy.forward = counted  # type: ignore[method-assign]
    shared = lanes.share(model)
    lanes.map(lambda number: gradients(shared, 2 * number, ("codes",)), range(8))
    assert len(sizes) < 8 and max(sizes) > 3  # a request alone has three scenes at most


def test_agents_do_in_lanes_what_they_do_alone() -> None:
    model, lanes = tiny_model(), Lanes(3)
    shared = lanes.share(model)
    names = ("near", "square", "colour")

    def answer(model: ConceptModel, name: str) -> tuple[np.ndarray, np.ndarray]:
        agent, event = ConceptAgent(model), draw_event(name, seed=7)
        agent.observe(demonstrations(name, 2))
        made = agent.generate(event.before, event.attention).entities
        return made, agent.identify(event.shown).attention

    together = lanes.map(lambda name: answer(shared, name), names)
    for name, (made, found) in zip(names, together, strict=True):
        own_made, own_found = answer(model, name)
        np.testing.assert_allclose(made, own_made, atol=1e-3)
        np.testing.assert_array_equal(found, own_found)


def test_results_come_in_the_order_of_the_items() -> None:
    def slow(number: int) -> int:
        time.sleep(0.01 * (number % 3))
        return number * number

    assert Lanes(4).map(slow, range(20)) == [number * number for number in range(20)]
    assert Lanes(4).map(slow, []) == []


def test_as_many_items_are_under_way_at_once_as_there_are_lanes() -> None:
    model, lanes, under_way, seen = tiny_model(), Lanes(3), set(), []
    shared = lanes.share(model)

    def run(number: int) -> None:
        under_way.add(number)
        gradients(shared, 2 * number, ("codes",))
        seen.append(len(under_way))
        under_way.remove(number)

    lanes.map(run, range(9))
    assert max(seen) == 3


def test_lanes_take_turns() -> None:
    """One runs at a time, so what they do in between needs no lock, and happens in one order."""
    model, orders = tiny_model(), []
    for _ in range(2):
        lanes, order, running = Lanes(3), [], set()
        shared = lanes.share(model)

        def run(number: int, order=order, running=running, shared=shared) -> None:
            for _ in range(3):
                assert not running
                running.add(number)
                time.sleep(0.001)  # another would be let in here
                order.append(number)
                running.remove(number)
                gradients(shared, 2 * number, ("codes",))

        lanes.map(run, range(7))
        orders.append(order)
    assert orders[0] == orders[1] and len(orders[0]) == 21


def test_an_error_ends_the_run() -> None:
    model, lanes = tiny_model(), Lanes(3)
    shared = lanes.share(model)

    def fail(number: int) -> None:
        gradients(shared, number, ("codes",))
        if number == 4:
            raise ValueError("a lane's own")

    before = threading.active_count()
    with pytest.raises(ValueError, match="a lane's own"):
        lanes.map(fail, range(9))
    time.sleep(0.1)
    assert threading.active_count() == before  # the others were ended
    assert len(gradients(shared, 3, ("codes",))) == 2 and lanes.map(abs, [-1]) == [1]


def test_an_error_of_a_batch_is_raised_where_it_was_asked_for() -> None:
    model, lanes = tiny_model(), Lanes(2)

    def broken(scene, codes):
        raise ValueError("a batch's")

    model.energy.forward = broken  # type: ignore[method-assign]
    shared = lanes.share(model)
    with pytest.raises(ValueError, match="a batch's"):
        lanes.map(lambda number: gradients(shared, number, ()), range(4))


def test_a_shared_model_is_the_model_but_for_its_energy() -> None:
    model = tiny_model()
    shared = Lanes(2).share(model)
    assert shared.encoder is model.encoder
    assert shared.energy.code_size == model.energy.code_size
