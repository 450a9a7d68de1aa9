"""The commands ``nnunet``, ``nnunet-predict`` and ``select-tasks`` of ``python -m train``."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from evaluation.contract.errors import ConfigurationError, HarnessError, UserError
from evaluation.cores import usable_cores
from evaluation.files.atomic import write_atomically
from train.nnunet.clock import Budget
from train.nnunet.export import SIDE_PX, Pair
from train.nnunet.labelled import read_asked, read_labelled
from train.nnunet.process import PredictOptions, predict_apart
from train.nnunet.record import PredictionRecord, SpecialistRecord
from train.nnunet.run import PREDICTIONS, RECORD, Options, make_specialist
from train.nnunet.subset import select_tasks
from train.nnunet.terminal import share_bar, track_items

# The \b line keeps the lines below it from being filled into one paragraph.
NNUNET_EXAMPLES = """\b
Examples:
  python -m train nnunet --task fetal_head --train train/fmc_uia --val val/fmc_uia \\
      --predict val/fmc_uia --budget-cpu-s 2400 --out runs/nnunet/fetal_head
  python -m train nnunet --task segmentation/Breast --train train/uusic25 --val val/uusic25 \\
      --predict test/uusic25 --budget-wall-s 7200 --device cuda --full-resolution --out runs/nnunet/breast
"""

PREDICT_EXAMPLES = """\b
Examples:
  python -m train nnunet-predict --specialist runs/nnunet/fetal_head --predict test/fmc_uia --out out
  python -m train nnunet-predict --specialist runs/nnunet/fetal_head --predict input --tta --out out_tta
"""

SELECT_EXAMPLES = """\b
Examples:
  python -m train select-tasks --folder test/fmc_uia --task fetal_head --task aponeurosis --out asked
  python -m train select-tasks --folder test/uusic25 --task segmentation/Breast --out asked
"""


class Device(StrEnum):
    """Where the network runs."""

    CPU = "cpu"
    CUDA = "cuda"


PredictOption = Annotated[
    Path,
    typer.Option("--predict", metavar="DIR", help="What to predict: a prepared or a participant's folder."),
]
DeviceOption = Annotated[Device, typer.Option(help="Where the network runs.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="Threads; default one a core.")]
TtaOption = Annotated[bool, typer.Option("--tta", help="Average over mirrored images, four times the work.")]


def nnunet(
    *,
    task: Annotated[str, typer.Option(help="A segmentation task: fetal_head, segmentation/Breast.")],
    train: Annotated[Path, typer.Option(metavar="DIR", help="The prepared training part.")],
    val: Annotated[Path, typer.Option(metavar="DIR", help="The prepared validation part.")],
    predict: PredictOption,
    out: Annotated[Path, typer.Option(help="Absent, empty or left unfinished by a killed run.")],
    budget_cpu_s: Annotated[float | None, typer.Option(min=1, help="CPU seconds of training.")] = None,
    budget_wall_s: Annotated[float | None, typer.Option(min=1, help="Or seconds by the clock.")] = None,
    full_resolution: Annotated[
        bool, typer.Option("--full-resolution", help=f"Keep images' sizes; default {SIDE_PX}×{SIDE_PX}.")
    ] = False,
    batch_size: Annotated[int | None, typer.Option(min=2, help="Default: as nnU-Net plans.")] = None,
    device: DeviceOption = Device.CPU,
    threads: ThreadsOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of weights, batches and augmentation.")] = 0,
    tta: TtaOption = False,
) -> None:
    """Train one task's 2D nnU-Net within a budget and predict with it.

    OUT gets predictions/ (a submission of that task), work/ (nnU-Net's model folder) and nnunet.json (what
    it cost). The learning rate decays to zero as the budget is spent. A killed run begins anew. To score, ask
    only the tasks that were trained: see select-tasks.
    """
    with _ended_by_errors():
        options = Options(
            budget=_read_budget(budget_cpu_s, budget_wall_s),
            side_px=None if full_resolution else SIDE_PX,
            batch_size=batch_size,
            device=device.value,
            threads=threads or usable_cores(),
            seed=seed,
            tta=tta,
        )
        parts = read_labelled(train, task), read_labelled(val, task), read_asked(predict, task)
        with share_bar("Training") as report:
            record = make_specialist(*parts, out, options, watch=_watch_export, report=report)
    training = record.training
    typer.echo(
        f"{out}: {training.n_iterations} iterations of {training.batch_size} images in "
        f"{training.spent_s:.0f} s ({training.budget_clock}), {_describe(record.prediction)}"
    )


def nnunet_predict(
    *,
    specialist: Annotated[Path, typer.Option(metavar="DIR", help="The --out of an `nnunet` run.")],
    predict: PredictOption,
    out: Annotated[Path, typer.Option(help="Absent or empty; gets predictions/ and nnunet.json.")],
    device: DeviceOption = Device.CPU,
    threads: ThreadsOption = None,
    tta: TtaOption = False,
) -> None:
    """Predict with a specialist that is trained already.

    Give it only folders that `nnunet` made: nnU-Net keeps its weights as a pickle, which can run any code.
    """
    with _ended_by_errors():
        trained = _read_record(specialist / RECORD)
        if out.is_file() or (out.is_dir() and any(out.iterdir())):
            raise ConfigurationError(f"Expected `--out` to be an absent or empty folder but {out} is not")
        options = PredictOptions(
            side_px=trained.training.side_px, tta=tta, device=device.value, threads=threads or usable_cores()
        )
        asked = read_asked(predict, trained.task_id)
        prediction = predict_apart(specialist / trained.model, asked, out / PREDICTIONS, options)
        record = trained.model_copy(update={"prediction": prediction, "device": device.value, "model": ""})
        write_atomically(out / RECORD, record.to_json())
    typer.echo(f"{out}: {_describe(prediction)}")


def select_tasks_command(
    *,
    folder: Annotated[Path, typer.Option(metavar="DIR", help="A prepared folder of either layout.")],
    task: Annotated[list[str], typer.Option(help="A task to keep. Repeatable.")],
    out: Annotated[Path, typer.Option(help="An absent or empty folder.")],
) -> None:
    """Copy a prepared folder with only some of its tasks, to score specialists on what they answer."""
    with _ended_by_errors():
        n_rows = select_tasks(folder, task, out)
    typer.echo(f"{out}: {n_rows} rows of {len(set(task))} task(s)")


@contextmanager
def _ended_by_errors() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    except HarnessError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(3) from error


def _read_budget(cpu_s: float | None, wall_s: float | None) -> Budget:
    if cpu_s is not None and wall_s is None:
        return Budget(seconds=cpu_s, clock_name="cpu")
    if wall_s is not None and cpu_s is None:
        return Budget(seconds=wall_s, clock_name="wall")
    raise ConfigurationError("Expected one of `--budget-cpu-s` and `--budget-wall-s` but got both or neither")


def _read_record(file: Path) -> SpecialistRecord:
    try:
        return SpecialistRecord.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ConfigurationError(
            f"Expected `--specialist` to hold a finished run but {file} is missing"
        ) from error
    except ValidationError as error:
        raise ConfigurationError(f"{file}: expected the record of an nnunet run ({error})") from error


def _describe(prediction: PredictionRecord) -> str:
    n_written = prediction.n_images - prediction.n_failed
    return (
        f"{n_written} of {prediction.n_images} images predicted in "
        f"{prediction.process_s_per_image:.3f} s each ({prediction.network_s_per_image:.3f} s network)"
    )


def _watch_export(pairs: Sequence[Pair]) -> Iterable[Pair]:
    return track_items(pairs, "Exporting")
