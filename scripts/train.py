"""Train the energy and its encoder, on two cores or a GPU; killed at any moment, it resumes.

    python scripts/train.py                     # the shipped configuration, into runs/default
    python scripts/train.py --train.steps 500 --out runs/short
    python scripts/train.py --train.objective denoising --out runs/denoising
    tensorboard --logdir runs                   # losses and validation success

The run's folder holds `checkpoint.safetensors` (model, average, optimiser, step), the training
events it draws first (`pool.safetensors`; delete it when done) and TensorBoard's events. The same
command goes on from the checkpoint. `--export` writes the averaged weights and their JSON where the
agent finds them. Objectives are the files of agents/objectives/.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from conceptgym.agents.bank import build_bank
from conceptgym.agents.checkpoint import load_tensors, save_tensors
from conceptgym.agents.cli import run_script
from conceptgym.agents.config import EnergyConfig, TrainConfig
from conceptgym.agents.data import EventPool, training_families
from conceptgym.agents.model import load_model
from conceptgym.agents.pool_cache import cached_pool
from conceptgym.agents.text_files import replace_text
from conceptgym.agents.trainer import Progress, Trainer
from conceptgym.agents.validation import validate
from conceptgym.envs.errors import ConfigError
from conceptgym.envs.number_checks import check_whole


@dataclass(frozen=True, kw_only=True)
class Args:
    """Command line of `scripts/train.py`."""

    out: Path = Path("runs/default")
    """Folder of the checkpoint and TensorBoard's events."""
    export: Path | None = None
    """Where to write the averaged weights and their JSON at the end."""
    device: str = "auto"
    """"cpu", "cuda", or "auto": a GPU when there is one."""
    fast: bool = True
    """Compile the loss and run it in bfloat16; the first step then takes a minute or two."""
    save_every: float = 60.0
    """Seconds of training between checkpoints."""
    validate_every: int = 1000
    """Steps between validations on new scenes."""
    validate_scenes: int = 10
    """Scenes of a concept and task in a validation."""
    workers: int | None = None
    """Processes that draw the training events, by default one a core."""
    pool: Path | None = None
    """File of the training events, by default in the run's folder; runs may share one."""
    train: TrainConfig = field(default_factory=TrainConfig)
    energy: EnergyConfig = field(default_factory=EnergyConfig)

    @property
    def checkpoint(self) -> Path:
        """The run's checkpoint."""
        return self.out / "checkpoint.safetensors"

    @property
    def chosen_device(self) -> str:
        """The device, "auto" resolved.

        Raises:
            ConfigError: on a device that there is not.
        """
        if self.device == "auto":
            return "cuda" if torch.cuda.is_available() else "cpu"
        try:
            torch.zeros(1, device=self.device)
        except (RuntimeError, AssertionError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(
                f"device={self.device!r} cannot be used ({reason}); choose cpu, cuda or auto"
            ) from error
        return self.device


def main(args: Args) -> None:
    """Train, from the checkpoint if there is one."""
    for name in ("validate_every", "validate_scenes"):
        check_whole(name, getattr(args, name), least=1, cure="a large one validates seldom")
    device = args.chosen_device
    trainer = Trainer(args.energy, args.train, device=device, fast=args.fast)
    if args.checkpoint.exists():
        trainer.resume(args.checkpoint)
        print(f"resumed {args.checkpoint} at step {trainer.step}")
    with SummaryWriter(str(args.out)) as writer:
        if trainer.step < args.train.steps:
            pool = _draw_pool(args).to(device)
            for progress in _with_bar(trainer, pool):
                _report(args, trainer, progress, writer)
            trainer.save(args.checkpoint)
    if args.export is not None:
        export(args.checkpoint, args.export, pool=_draw_pool(args), device=device)
        print(f"exported {args.export}")


def _draw_pool(args: Args) -> EventPool:
    config, path = args.train, args.pool or args.out / "pool.safetensors"
    total = len(training_families()) * config.instances * config.events
    with tqdm(total=total, desc="drawing events", unit="event", mininterval=1.0) as bar:
        pool = cached_pool(path, config, progress=bar.update, workers=args.workers)
        bar.update(total - bar.n)  # what was cached
    return pool


def _with_bar(trainer: Trainer, pool: EventPool) -> Iterator[Progress]:
    steps = trainer.config.steps
    bar = tqdm(total=steps, initial=trainer.step, desc="training", mininterval=2.0)
    with bar:
        for progress in trainer.run(pool):
            bar.update()
            bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
            yield progress


def _report(args: Args, trainer: Trainer, progress: Progress, writer: SummaryWriter) -> None:
    if progress.seconds - trainer.saved_at >= args.save_every:
        trainer.save(args.checkpoint)
    if progress.step % 20 == 0:
        writer.add_scalar("loss/total", progress.loss, progress.step)
        for name, value in progress.terms.items():
            writer.add_scalar(f"loss/{name}", value, progress.step)
    if progress.step % args.validate_every == 0:
        amortised = trainer.objective.amortised
        found = validate(trainer.average, scenes=args.validate_scenes, amortised=amortised)
        for name, value in found.scalars.items():
            writer.add_scalar(f"success/{name}", value, progress.step)
        means = (found.scalars["generate/mean"], found.scalars["identify/mean"])
        tqdm.write(f"step {progress.step}: validation success {means[0]:.2f} / {means[1]:.2f}")


def export(checkpoint: Path, path: Path, *, pool: EventPool, device: str) -> None:
    """Write a run's averaged weights to `path`, and what made them as JSON beside it.

    With them goes the bank of codes, see `conceptgym.agents.bank`.
    """
    model, _ = load_model(checkpoint)
    tensors, header = load_tensors(checkpoint)
    averaged = {
        name.removeprefix("average."): value
        for name, value in tensors.items()
        if name.startswith("average.")
    }
    averaged["bank"] = build_bank(model, pool, TrainConfig.from_dict(header["train"]))
    names = ("energy", "train", "step", "seconds", "amortised")
    kept = {name: header[name] for name in names if name in header}
    made = kept | {"device": device, "torch": torch.__version__}
    save_tensors(path, averaged, made)
    _, full = load_tensors(path)
    replace_text(path.with_suffix(".json"), json.dumps(full, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    run_script(main, Args, __doc__)
