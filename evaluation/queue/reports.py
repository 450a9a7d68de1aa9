"""What workers send back."""

from dataclasses import dataclass

from evaluation.runner.outcome import Fault


@dataclass(frozen=True)
class RunReport:
    """How a run ended."""

    outcome: str
    fault: Fault
    sentence: str
    runtime_s: float
    peak_gpu_mib: float
    has_predictions: bool
    """The submission was started, so there is something to score, if only that nothing came."""
    host: str
    is_resumed: bool
    """It lay there already."""


@dataclass(frozen=True)
class ScoreReport:
    """What scoring gave."""

    summary: dict[str, float | None]
    is_resumed: bool
