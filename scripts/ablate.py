"""Train variants of the energy for the same time each: what every part of the design is worth.

    python scripts/ablate.py                          # all variants, into runs/ablations
    python scripts/ablate.py --only no_pairs unrolled --seconds 600

The variants share one pool of training events. Each is timed first, and is then given as many
steps as fit into the time, so that its learning rate runs through the whole schedule. The time is
the processor's, so that other work on the machine takes nothing from any of them. A variant that is
finished is left alone, so a killed run goes on where it stopped. Success is measured by
``scripts/evaluate.py --ablation NAME=runs/ablations/NAME.safetensors``; docs/ablations has what the
defaults trained.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from conceptgym.agents.checkpoint import save_tensors
from conceptgym.agents.cli import run_script
from conceptgym.agents.config import EnergyConfig, TrainConfig
from conceptgym.agents.data import EventPool, training_families
from conceptgym.agents.pool_cache import cached_pool
from conceptgym.agents.trainer import Trainer
from conceptgym.envs.errors import ConfigError

VARIANTS: dict[str, tuple[EnergyConfig, TrainConfig]] = {
    "same_time": (EnergyConfig(), TrainConfig()),
    "no_pairs": (EnergyConfig(pairs=False), TrainConfig()),
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
"""Variants by name; `same_time` is the shipped design, trained as briefly as the others."""
_PROBE = 20  # steps that are timed
_FIRST = 5  # steps before, which compile
_PATIENCE = 1.5  # times the time, after which a variant is stopped


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/ablate.py`."""

    only: tuple[str, ...] = tuple(VARIANTS)
    """Variants to train."""
    seconds: float = 240.0
    """Processor time that each is trained for, compilation not counted."""
    out: Path = Path("runs/ablations")
    """Folder of the averaged weights, one NAME.safetensors each."""
    pool: Path | None = None
    """File of the training events, by default in the folder."""
    workers: int | None = None
    """Processes that draw the training events, by default one a core."""
    fast: bool = field(default=True)
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
        trainer = train(name, args, pool)
        # Half precision: small enough to publish, and what is published is what is evaluated.
        weights = trainer.average.state_dict()
        save_tensors(target, {key: value.half() for key, value in weights.items()}, trainer.header)
        print(f"{name}: wrote {target}")


def train(name: str, args: Args, pool: EventPool) -> Trainer:
    """A variant after `args.seconds` of training."""
    energy, config = VARIANTS[name]
    pool = replace(pool, counts=_counts(pool, config))
    trainer = Trainer(energy, replace(config, steps=10**6), fast=args.fast)
    marks = [time.process_time()]
    for _ in trainer.run(pool):
        marks.append(time.process_time())
        timed = len(marks) - 1 - _FIRST  # the first steps compile
        if timed >= _PROBE or (timed > 0 and marks[-1] - marks[0] > args.seconds):
            break
    spent = np.diff(marks)[_FIRST:]
    steps = trainer.step + max(1, int(args.seconds / float(np.median(spent))))
    trainer.config = replace(config, steps=steps)
    begin = time.process_time()
    with tqdm(total=steps, initial=trainer.step, desc=name, mininterval=5.0) as bar:
        for progress in trainer.run(pool):
            bar.update()
            bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
            if time.process_time() - begin > _PATIENCE * args.seconds:
                print(f"{name}: stopped at step {trainer.step} of {steps}, out of time")
                break
    return trainer


def _counts(pool: EventPool, config: TrainConfig) -> tuple[int, ...]:
    """Instances of each family in a batch of this size, in the pool's proportions."""
    share = config.concepts_per_family / TrainConfig().concepts_per_family
    return tuple(max(1, round(share * count)) for count in pool.counts)


if __name__ == "__main__":
    run_script(main, Args, __doc__)
