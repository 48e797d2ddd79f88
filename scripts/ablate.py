"""Train variants of the energy for the same time each: what every part of the design is worth.

    python scripts/ablate.py                          # all variants, into runs/ablations
    python scripts/ablate.py --only no_pairs unrolled --steps 4000

Each variant is given as many steps as fit into the time that `--steps` of the shipped design take
on the same processor: both are timed beforehand, turn about, so that other work on the machine
slows both alike. The learning rate's schedule is stretched to the variant's steps. All share one
pool of training events. A killed run goes on from its last checkpoint, and a variant that is
finished is left alone. Success is measured by
``scripts/evaluate.py --ablation NAME=runs/ablations/NAME.safetensors``; docs/ablations has what the
defaults trained.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from conceptgym.agents.checkpoint import load_tensors, save_tensors
from conceptgym.agents.cli import run_script
from conceptgym.agents.config import EnergyConfig, TrainConfig
from conceptgym.agents.data import EventPool, training_families
from conceptgym.agents.pool_cache import cached_pool
from conceptgym.agents.trainer import Trainer
from conceptgym.envs.errors import ConfigError

Design = tuple[EnergyConfig, TrainConfig]

SHIPPED: Design = (EnergyConfig(), TrainConfig())
VARIANTS: dict[str, Design] = {
    "no_pairs": (EnergyConfig(pairs=False), TrainConfig()),
    "no_relations": (EnergyConfig(pairs=False, closed_forms=False), TrainConfig()),
    "generate_alone": (EnergyConfig(), TrainConfig(tasks=("generate",))),
    "identify_alone": (EnergyConfig(), TrainConfig(tasks=("identify",))),
    "separate_codes": (EnergyConfig(separate_codes=True), TrainConfig()),
    # Small batches: a step through the samplers costs seconds, and few large ones learn less.
    "unrolled": (
        EnergyConfig(),
        TrainConfig(
            objective="unrolled",
            concepts_per_family=1,
            queries=1,
            most_demonstrations=2,
            sampler_steps=4,
        ),
    ),
    "denoising": (EnergyConfig(), TrainConfig(objective="denoising")),
}
"""Variants of the shipped design by name."""
_FIRST = 5  # steps that are not timed: the first compile
_PROBE = 20  # steps that are


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/ablate.py`."""

    only: tuple[str, ...] = tuple(VARIANTS)
    """Variants to train."""
    steps: int = SHIPPED[1].steps
    """Steps of the shipped design whose time each is given."""
    out: Path = Path("runs/ablations")
    """Folder of the averaged weights, one NAME.safetensors each."""
    pool: Path | None = None
    """File of the training events, by default in the folder."""
    save_every: float = 60.0
    """Seconds of training between checkpoints."""
    workers: int | None = None
    """Processes that draw the training events, by default one a core."""
    fast: bool = True
    """Compile the losses and run them in bfloat16."""


def main(args: Args) -> None:
    """Train the variants one after the other."""
    for name in args.only:
        if name not in VARIANTS:
            raise ConfigError(f"only holds {name!r}; choose from {', '.join(VARIANTS)}")
    config = TrainConfig()
    total = len(training_families()) * config.instances * config.events
    with tqdm(total=total, desc="drawing events", unit="event", mininterval=1.0) as bar:
        path = args.pool or args.out / "pool.safetensors"
        pool = cached_pool(path, config, progress=bar.update, workers=args.workers)
    for name in args.only:
        target = args.out / f"{name}.safetensors"
        if target.exists():
            print(f"{name}: {target} is there already")
            continue
        checkpoint = args.out / f"{name}.checkpoint.safetensors"
        trainer = train(name, args, pool, checkpoint=checkpoint)
        # Half precision: small enough to publish, and what is published is what is evaluated.
        weights = trainer.average.state_dict()
        save_tensors(target, {key: value.half() for key, value in weights.items()}, trainer.header)
        checkpoint.unlink(missing_ok=True)
        print(f"{name}: wrote {target}")


def train(name: str, args: Args, pool: EventPool, *, checkpoint: Path) -> Trainer:
    """A variant, trained to its last step, from its checkpoint if there is one."""
    energy, config = VARIANTS[name]
    begun = checkpoint.exists()
    if begun:
        config = TrainConfig.from_dict(load_tensors(checkpoint)[1]["train"])
    else:
        config = stretched(config, round(args.steps * _relative_speed(name, args, pool)))
    torch.compiler.reset()
    pool = replace(pool, counts=_counts(pool, config))
    trainer = Trainer(energy, config, fast=args.fast)
    if begun:
        trainer.resume(checkpoint)
    with tqdm(total=config.steps, initial=trainer.step, desc=name, mininterval=5.0) as bar:
        for progress in trainer.run(pool):
            bar.update()
            bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
            if progress.seconds - trainer.saved_at >= args.save_every:
                trainer.save(checkpoint)
    return trainer


def stretched(config: TrainConfig, steps: int) -> TrainConfig:
    """The configuration with another number of steps, of which as large a share warms up."""
    steps = max(1, steps)
    warm_up = max(1, round(config.warm_up_steps * steps / config.steps))
    return replace(config, steps=steps, warm_up_steps=warm_up)


def _relative_speed(name: str, args: Args, pool: EventPool) -> float:
    """Steps of a variant in the time of one of the shipped design, each with its own batches."""
    torch.compiler.reset()
    both = [
        (design, replace(pool, counts=_counts(pool, design[1])))
        for design in (SHIPPED, VARIANTS[name])
    ]
    runs = []
    for (energy, config), events in both:
        lasting = replace(config, steps=max(config.steps, _FIRST + _PROBE))
        runs.append(Trainer(energy, lasting, fast=args.fast).run(events))
    times = np.array([[_seconds(run) for run in runs] for _ in range(_FIRST + _PROBE)])
    of_shipped, of_variant = np.median(times[_FIRST:], axis=0)
    return float(of_shipped / of_variant)


def _seconds(run: Iterator[object]) -> float:
    """Processor time of a training step."""
    begin = time.process_time()
    next(run)
    return time.process_time() - begin


def _counts(pool: EventPool, config: TrainConfig) -> tuple[int, ...]:
    """Instances of each family in a batch of this size, in the pool's proportions."""
    share = config.concepts_per_family / TrainConfig().concepts_per_family
    return tuple(max(1, round(share * count)) for count in pool.counts)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
