"""``python -m train stage1``, ``stage2`` and ``ship``."""

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, track

from evaluation.contract.errors import BenchError, ConfigurationError, UserError
from evaluation.files.atomic import write_atomically
from model.graphs import hash_file
from model.header import read_network_header
from model.network.unified import UnifiedNetwork
from model.tensor_file import check_suffix
from train.unified.cache import Cache, open_cache
from train.unified.config import FolderConfig, TrainConfig, read_config
from train.unified.labelled import LabelledFolder, read_labelled
from train.unified.mask_rules import MaskRule, choose_mask_rules
from train.unified.ranks import is_first_rank, join_group, leave_group
from train.unified.selection import choose_heads, merge_specialists, prefer_real, temper
from train.unified.setup import make_generalist, make_specialists
from train.unified.stage import Parts, Watcher, is_over, run_stage
from train.unified.state import RunState
from train.unified.validate import Validation, answer_all, validate
from train.unified.weights import Stage, read_stage, write_weights

WEIGHTS_FILE = "weights.safetensors"
ORIGIN_FILE = "origin.sha256"
"""Of the weights that a run goes on from."""

STAGE1_EXAMPLES = """\b
Examples:
  python -m train stage1 --config train/configs/lite.yaml --out runs/lite
  torchrun --nproc-per-node 4 -m train stage1 --config train/configs/lite.yaml --out runs/lite
"""
STAGE2_EXAMPLES = """\b
Examples:
  python -m train stage2 --config train/configs/lite_stage2.yaml --stage1 runs/lite --out runs/lite2
  torchrun --nproc-per-node 4 -m train stage2 --config C.yaml --stage1 runs/lite --out runs/lite2
"""
SHIP_EXAMPLES = """\b
Examples:
  python -m train ship --config C.yaml --stage1 runs/lite --stage2 runs/lite2 \
      --stage2 runs/lite2_sample --out lite.safetensors
  python -m train ship --config train/configs/mh_mtl.yaml --stage1 runs/mh_mtl --out mh_mtl.safetensors
"""

ConfigOption = Annotated[Path, typer.Option(help="A YAML file, see train/configs/.")]
OutOption = Annotated[Path, typer.Option(help="Folder of the run; one that was stopped goes on.")]
CacheOption = Annotated[Path, typer.Option(help="Folder of pictures at network size.")]
Stage1Option = Annotated[Path, typer.Option(help="Folder of the Stage I run.")]
CACHE = Path("runs/cache")


def stage1(*, config: ConfigOption, out: OutOption, cache: CacheOption = CACHE) -> None:
    """Train the generalist: one backbone and a head a task, from all data sets in turn."""
    with _explained():
        told = read_config(config)
        parts = open_parts(told, cache)
        _check_out(out, told.start)
        _finish(make_generalist(told, parts.train.keys), parts, told, out, stage=1)


def stage2(*, config: ConfigOption, stage1: Stage1Option, out: OutOption, cache: CacheOption = CACHE) -> None:
    """Train the specialists: the generalist's backbone stays as it is, every head goes on alone."""
    with _explained():
        told = read_config(config)
        if told.start is not None:
            raise ConfigurationError(f"{config}: `start` is for Stage I; Stage II goes on from `--stage1`")
        generalist = read_stage(stage1 / WEIGHTS_FILE, 1)
        parts = open_parts(told, cache)
        _check_out(out, stage1 / WEIGHTS_FILE)
        _finish(make_specialists(told, generalist), parts, told, out, stage=2)


def ship(
    *,
    config: ConfigOption,
    stage1: Stage1Option,
    stage2: Annotated[
        list[Path] | None, typer.Option(help="Folder of a Stage II run; may be several.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The .safetensors file to write.")],
    cache: CacheOption = CACHE,
) -> None:
    """Write the weights that are shipped: each task's best head, probabilities calibrated."""
    with _explained():
        told = read_config(config)
        check_suffix(out)
        _check_fits(stage1 / WEIGHTS_FILE, told)
        network, stages = read_stage(stage1 / WEIGHTS_FILE, 1), None
        held_out = prefer_real(open_part(told.validation, told, cache), told.synthetic)
        stage: Stage = 1
        if stage2:
            specialists, of_2 = _read_specialists(stage2, held_out)
            stages = choose_heads(specialists, network, of_2, validate(network, held_out)[0])
            network, stage = specialists, 2
        answers = answer_all(network, held_out)
        temperatures = temper(network, answers, held_out)
        mask_rules = choose_mask_rules(network, answers, held_out, told.nothing_to_see)
        write_weights(
            out,
            network,
            told,
            _read(told.train),
            stage=stage,
            stage_by_head=stages,
            mask_rules=mask_rules,
        )
    for key in network.keys:
        notes = [f"Stage {stages[key]}"] if stages else []
        notes += [f"temperature {temperatures[key]:.2f}"] if key in temperatures else []
        notes += _describe(mask_rules.get(key, MaskRule()))
        typer.echo(f"{key.task_id} ({key.num_classes}): {', '.join(notes) or 'as trained'}")
    typer.echo(f"{out}: {out.stat().st_size:,} bytes")


def _describe(rule: MaskRule) -> list[str]:
    notes = ["largest region"] if rule.only_largest else []
    notes += [f"empty below {rule.min_peak}"] if rule.min_peak else []
    if gate := rule.empty_when:
        notes.append(f"empty above {gate.above} of class {gate.class_index} of {gate.task_id}")
    return notes


def _read_specialists(runs: list[Path], held_out: Cache) -> tuple[UnifiedNetwork, Validation]:
    """Return the best head of all Stage II runs for each task, and the scores."""
    best = read_stage(runs[0] / WEIGHTS_FILE, 2)
    scores, _ = validate(best, held_out)
    for run in runs[1:]:
        others = read_stage(run / WEIGHTS_FILE, 2)
        scores = merge_specialists(best, others, scores, validate(others, held_out)[0])
    return best, scores


def _check_fits(weights: Path, config: TrainConfig) -> None:
    header = read_network_header(weights)
    if (header.preset, header.input_size) != (config.preset, config.input_size):
        made = f"{header.preset} at {header.input_size}×{header.input_size}"
        raise ConfigurationError(f"{weights}: was trained as {made}, the configuration says otherwise")


def _check_out(out: Path, start: Path | None) -> None:
    """Refuse a run's folder that is a file, or was begun from other weights than `start` holds now."""
    if out.is_file():
        raise ConfigurationError(f"Expected `--out` to be a folder but {out} is a file")
    if start is None or not start.is_file():
        return
    noted, origin = out / ORIGIN_FILE, hash_file(start)
    if noted.is_file() and noted.read_text().strip() != origin:
        raise ConfigurationError(f"{out}: was begun from other weights than {start}; use another `--out`")
    write_atomically(noted, f"{origin}\n".encode())


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except BenchError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2 if isinstance(error, UserError) else 3) from error


def _finish(network: UnifiedNetwork, parts: Parts, config: TrainConfig, out: Path, *, stage: Stage) -> None:
    state = train(network, parts, config, out)
    if is_first_rank():
        typer.echo(f"{out}: step {state.step}, best epoch {state.best_epoch}, mean {state.best_score:.4f}")
        if is_over(state, config):
            network.load_state_dict(state.best)
            write_weights(out / WEIGHTS_FILE, network, config, _read(config.train), stage=stage)
    leave_group()
    if not is_over(state, config):
        raise typer.Exit(130)


def open_parts(config: TrainConfig, root: Path) -> Parts:
    """Open or make the caches of both parts."""
    return Parts(open_part(config.train, config, root), open_part(config.validation, config, root))


def open_part(folders: tuple[FolderConfig, ...], config: TrainConfig, root: Path) -> Cache:
    """Open or make the cache of one part, without the data sets of weight 0.

    Raises:
        ConfigurationError: a weight of 0 names no data set.
    """
    console = Console(stderr=True)
    hidden = not (console.is_terminal and is_first_rank())
    cache = open_cache(
        _read(folders),
        size=config.input_size,
        root=root,
        watch=lambda items: track(items, "Decoding", console=console, disable=hidden),
    )
    # Left out of validation too: a centre kept for the test must not choose the epoch.
    left_out = {name for name, weight in config.weights.items() if weight == 0}
    if unknown := left_out - {picture.data_set for picture in cache.pictures}:
        raise ConfigurationError(f"Expected `weights` to name data sets but got {sorted(unknown)}")
    kept = tuple(picture for picture in cache.pictures if picture.data_set not in left_out)
    return replace(cache, pictures=kept)


def _read(folders: tuple[FolderConfig, ...]) -> list[LabelledFolder]:
    return [read_labelled(folder.folder, folder.data_set) for folder in folders]


def train(network: UnifiedNetwork, parts: Parts, config: TrainConfig, out: Path) -> RunState:
    """Run a stage with a progress bar; SIGTERM and SIGINT save the state and stop. Joins a torchrun group."""
    join_group()
    console = Console(stderr=True)
    hidden = not (console.is_terminal and is_first_rank())
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with (
        _catch_stops() as stops,
        Progress(*columns, console=console, disable=hidden) as progress,
    ):
        bar = progress.add_task("Training", total=config.steps)

        def on_step(step: int, loss: float) -> None:
            progress.update(bar, completed=step, description=f"loss {loss:.3f}")

        return run_stage(network, parts, config, out, Watcher(lambda: bool(stops), on_step))


@contextlib.contextmanager
def _catch_stops() -> Iterator[list[int]]:
    stops: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda signum, _: stops.append(signum)) for number in numbers]
    try:
        yield stops
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
