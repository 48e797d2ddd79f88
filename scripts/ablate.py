"""Train variants of the energy for the same time each: what every part of the design is worth.

    python scripts/ablate.py                          # all variants, into runs/ablations
    python scripts/ablate.py --only no_pairs unrolled --seconds 600

The variants share one pool of training events. Each is timed first, and is then given as many
steps as fit into the time, so that its learning rate runs through the whole schedule. A variant
that is finished is left alone, so a killed run goes on where it stopped. Success is measured by
``scripts/evaluate.py --ablations NAME=runs/ablations/NAME.safetensors``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

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
    "unrolled": (EnergyConfig(), TrainConfig(objective="unrolled")),
    "denoising": (EnergyConfig(), TrainConfig(objective="denoising")),
}
"""Variants by name; `same_time` is the shipped design, trained as briefly as the others."""
_PROBE = 30  # steps that are timed, after the first few


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/ablate.py`."""

    only: tuple[str, ...] = tuple(VARIANTS)
    """Variants to train."""
    seconds: float = 300.0
    """Training time of each, compilation not counted."""
    out: Path = Path("runs/ablations")
    """Folder of the checkpoints, one NAME.safetensors each."""
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
        train(name, args, pool).save(target)
        print(f"{name}: wrote {target}")


def train(name: str, args: Args, pool: EventPool) -> Trainer:
    """A variant after `args.seconds` of training."""
    energy, config = VARIANTS[name]
    trainer = Trainer(energy, replace(config, steps=10**6), fast=args.fast)
    spent = []
    for _ in trainer.run(pool):
        spent.append(trainer.seconds - sum(spent))
        if len(spent) == _PROBE + 5:
            break
    steps = max(trainer.step + 1, int(args.seconds / float(np.median(spent[5:]))))
    trainer.config = replace(config, steps=steps)
    begin = time.perf_counter()
    with tqdm(total=steps, initial=trainer.step, desc=name, mininterval=5.0) as bar:
        for progress in trainer.run(pool):
            bar.update()
            bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
            if time.perf_counter() - begin > 3.0 * args.seconds:
                print(f"{name}: stopped at step {trainer.step} of {steps}, three times over time")
                break
    return trainer


if __name__ == "__main__":
    run_script(main, Args, __doc__)
