"""A specialist from a prepared folder to a submission: export, plan, train, predict, record.

Promises: the record is written last, so a folder without it is unfinished; a run into an unfinished folder of
ours begins anew; any other folder that holds something is refused.
"""

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.manifest import Manifest
from evaluation.files.atomic import write_atomically
from evaluation.provenance import find_revision
from train.nnunet.clock import Budget, cpu_seconds, wall_seconds
from train.nnunet.environment import nnunet_environment
from train.nnunet.export import SIDE_PX, Watch, export_task
from train.nnunet.plan import plan_and_preprocess
from train.nnunet.process import PredictOptions, predict_apart
from train.nnunet.record import SpecialistRecord, TrainingRecord

Report = Callable[[float], None]
"""Called with the share of the budget that is spent."""

RECORD = "nnunet.json"
PREDICTIONS = "predictions"
_UNFINISHED = "unfinished"
_WORK = "work"
_PACKAGES = ("nnunetv2", "torch", "numpy", "opencv-python-headless")


@dataclass(frozen=True, kw_only=True)
class Options:
    """How to make a specialist."""

    budget: Budget
    side_px: int | None = SIDE_PX
    """Images are squashed to this width and height; None keeps their size."""
    batch_size: int | None = None
    """None keeps nnU-Net's plan."""
    device: str = "cpu"
    threads: int
    seed: int = 0
    tta: bool = False


def make_specialist(
    train: Manifest,
    val: Manifest,
    asked: Manifest,
    out: Path,
    options: Options,
    *,
    watch: Watch = list,
    report: Report = lambda share: None,
) -> SpecialistRecord:
    """Train one task's specialist and predict with it.

    Args:
        train: the task with references.
        val: its validation part.
        asked: what to predict, in the same layout.
        out: gets ``predictions/``, ``work/`` (with nnU-Net's model folder) and, last, ``nnunet.json``.
        options: budget and settings.
        watch: hands out the cases to export, for a progress bar.
        report: told the share of the budget that is spent.

    Raises:
        ConfigurationError: `out` holds something else, the parts do not fit together.
        ManifestError: an image or mask of the parts cannot be used.
    """
    (task_id,) = train.tasks
    begin_run(out)
    training, model = _train(train, val, out / _WORK, options, watch, report)
    prediction = predict_apart(
        model,
        asked,
        out / PREDICTIONS,
        PredictOptions(
            side_px=options.side_px, tta=options.tta, device=options.device, threads=options.threads
        ),
    )
    record = SpecialistRecord(
        task_id=task_id,
        protocol=train.protocol,
        device=options.device,
        model=str(model.relative_to(out)),
        training=training,
        prediction=prediction,
        code_revision=find_revision(),
        versions={"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
    )
    for done_with in ("raw", "preprocessed"):
        shutil.rmtree(out / _WORK / done_with)
    write_atomically(out / RECORD, record.to_json())
    (out / _UNFINISHED).unlink()
    return record


def begin_run(out: Path) -> None:
    """Mark `out` as unfinished, emptied of what a killed run of ours left there.

    Raises:
        ConfigurationError: it holds a finished run or something that is not ours.
    """
    if (out / RECORD).exists():
        raise ConfigurationError(f"Expected `--out` to be a new folder but {out} holds a finished specialist")
    if (out / _UNFINISHED).exists():
        for folder in (_WORK, PREDICTIONS):
            shutil.rmtree(out / folder, ignore_errors=True)
    elif out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise ConfigurationError(f"Expected `--out` to be an absent or empty folder but {out} is not")
    write_atomically(out / _UNFINISHED, b"")


def _train(
    train: Manifest, val: Manifest, work: Path, options: Options, watch: Watch, report: Report
) -> tuple[TrainingRecord, Path]:
    began_cpu_s = cpu_seconds()
    raw, preprocessed = work / "raw", work / "preprocessed"
    exported = export_task(
        train, val, raw=raw, preprocessed=preprocessed, side_px=options.side_px, watch=watch
    )
    with nnunet_environment(work):
        folder = preprocessed / exported.dataset
        planned = plan_and_preprocess(folder, n_processes=options.threads, batch_size=options.batch_size)
    ready_cpu_s, ready_wall_s = cpu_seconds(), wall_seconds()
    with nnunet_environment(work, n_augmenters=0):
        # Takes seconds to import, which commands that only show their help should not wait for.
        from train.nnunet.trainer import train_within

        trained = train_within(
            planned,
            options.budget,
            device=options.device,
            threads=options.threads,
            seed=options.seed,
            report=report,
        )
    last = trained.losses[-20:]
    record = TrainingRecord(
        n_train=exported.n_train,
        n_val=exported.n_val,
        side_px=options.side_px,
        patch_hw=planned.patch_hw,
        batch_size=planned.batch_size,
        planned_batch_size=planned.planned_batch_size,
        n_parameters=trained.n_parameters,
        budget_s=options.budget.seconds,
        budget_clock=options.budget.clock_name,
        spent_s=trained.spent_s,
        prepare_cpu_s=ready_cpu_s - began_cpu_s,
        train_cpu_s=cpu_seconds() - ready_cpu_s,
        train_wall_s=wall_seconds() - ready_wall_s,
        n_iterations=trained.n_iterations,
        n_epochs=trained.n_iterations * planned.batch_size / exported.n_train,
        final_loss=sum(last) / len(last),
        seed=options.seed,
        threads=options.threads,
    )
    return record, trained.folder
