"""Ranking schemes: an organiser's rule as a small YAML file, and the sentences that state it.

Promises: a file is a whole rule or is refused with every fault named; nothing in it is code.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field as Setting
from pydantic import ValidationError, model_validator

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record
from evaluation.contract.task import Kind
from evaluation.files.yaml_text import parse_yaml

FOLDER = Path(__file__).parent / "schemes"
DEFAULTS: Mapping[str, str] = {"uusic25": "uusic25", "fmc_uia": "fmc_uia"}
"""The shipped scheme that ranks a protocol when none is named."""
MAX_BYTES = 2**16

Method = Literal["min_max", "aggregate_then_rank", "rank_then_aggregate", "test_then_rank"]
Level = Literal["summary", "task", "case"]
_LEVELS: Mapping[Method, tuple[Level, ...]] = {
    "min_max": ("summary", "task"),
    "aggregate_then_rank": ("summary", "task"),
    "rank_then_aggregate": ("task", "case"),
    "test_then_rank": ("case",),
}


class Group(Record):
    """Metrics that are averaged before the groups are: a kind of task, or the whole accuracy."""

    name: str
    level: Level
    """``summary``: scores of the result's summary; ``task``: one score a task of the kind; ``case``: one
    value a case of every task of the kind (``correct``: 1 where the predicted class is the true one)."""
    kind: Kind | None = None
    """Whose tasks; only at the levels ``task`` and ``case``."""
    metrics: tuple[str, ...] = Setting(min_length=1)

    @model_validator(mode="after")
    def _kind_fits_level(self) -> Self:
        if (self.kind is None) != (self.level == "summary"):
            raise ValueError("`kind` belongs to the levels `task` and `case`, and only to them")
        return self


class Weights(Record):
    """What accuracy, time and memory count."""

    accuracy: float = Setting(ge=0, le=1)
    time: float = Setting(ge=0, le=1)
    memory: float = Setting(ge=0, le=1)

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        if not math.isclose(self.accuracy + self.time + self.memory, 1, abs_tol=1e-9):
            raise ValueError("the weights must sum to 1")
        return self

    @property
    def counts_cost(self) -> bool:
        """Whether time or memory count."""
        return self.time + self.memory > 0


class Anchors(Record):
    """Fixed ends of the scales, each (worst, best), in place of the field's own."""

    accuracy: tuple[float, float]
    time_s: tuple[float, float]
    peak_gpu_gib: tuple[float, float]

    @model_validator(mode="after")
    def _ends_differ(self) -> Self:
        if any(worst == best for worst, best in (self.accuracy, self.time_s, self.peak_gpu_gib)):
            raise ValueError("the two ends of an anchor must differ")
        return self


class Scheme(Record):
    """A whole ranking rule."""

    format_version: Literal[1] = 1
    name: str = Setting(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    title: str = Setting(min_length=1, max_length=200)
    method: Method
    accuracy: Mapping[str, tuple[Group, ...]] = Setting(min_length=1)
    """The groups of each protocol that the scheme can rank."""
    weights: Weights
    anchors: Anchors | None = None
    """Only for ``min_max`` with one group of one metric."""
    test: Literal["wilcoxon", "permutation"] = "wilcoxon"
    """What ``test_then_rank`` compares pairs by."""
    alpha: float = Setting(default=0.05, ge=0.001, lt=1)
    """Familywise level of the tests of one task and metric, after Holm's adjustment; the smaller, the more
    sign flips it takes."""

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        for protocol, groups in self.accuracy.items():
            if not groups:
                raise ValueError(f"`accuracy` of {protocol} is empty")
            for group in groups:
                if group.level not in _LEVELS[self.method]:
                    allowed = " or ".join(_LEVELS[self.method])
                    raise ValueError(f"{self.method} needs level {allowed}; `{group.name}` has {group.level}")
            n_terms = sum(len(group.metrics) for group in groups)
            if self.anchors is not None and (self.method != "min_max" or n_terms > 1):
                raise ValueError("`anchors` belong to min_max with one group of one metric")
        if self.method == "aggregate_then_rank" and self.weights.counts_cost:
            raise ValueError(
                "aggregate_then_rank has no scale for time and memory; give accuracy the weight 1"
            )
        return self

    @property
    def by_rank(self) -> bool:
        """Whether ranks are averaged, so that the score is a negative mean rank."""
        return self.method in ("rank_then_aggregate", "test_then_rank")

    def groups(self, protocol: str) -> tuple[Group, ...]:
        """Return the groups of a protocol.

        Raises:
            ConfigurationError: the scheme does not rank this protocol.
        """
        if protocol not in self.accuracy:
            raise ConfigurationError(
                f"Expected argument `scheme` to rank {protocol} but {self.name} ranks "
                f"{', '.join(self.accuracy)}; choose another scheme or add {protocol} below its `accuracy`."
            )
        return self.accuracy[protocol]


def list_schemes() -> tuple[str, ...]:
    """List the names of the shipped schemes."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


def load_scheme(name_or_file: str) -> Scheme:
    """Read a shipped scheme by its name, or anybody's by its file.

    Raises:
        ConfigurationError: no such scheme or file; not YAML; not a whole rule. The message names what to do.
    """
    file = FOLDER / f"{name_or_file}.yaml" if name_or_file in list_schemes() else Path(name_or_file)
    try:
        if not file.is_file():
            raise ConfigurationError(
                f"Expected argument `scheme` to be a YAML file or one of {', '.join(list_schemes())} "
                f"but got {name_or_file!r}."
            )
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{name_or_file}: cannot be read ({error}); check the path.") from error
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"{file}: Expected a scheme of at most {MAX_BYTES} bytes but got more.")
    try:
        return Scheme.model_validate(parse_yaml(content))
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError(f"{file}: not a ranking scheme ({'; '.join(faults)}).") from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}.") from error


def is_higher_better(metric: str) -> bool:
    """Tell whether large values are good: of distances (`hd_…`, `mre_…`) small ones are."""
    return not metric.startswith(("hd_", "mre_"))
