"""The limits of a protocol, each with where it comes from."""

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from evaluation.contract.errors import ConfigurationError
from evaluation.contract.record import Record
from evaluation.files.yaml_text import parse_yaml

LIMITS_DIR = Path(__file__).with_name("limits")
_MOST_BYTES = 100_000


class Limit(Record):
    """One number."""

    value: float = Field(gt=0)
    source: str = Field(min_length=1)
    """``published: …`` or ``ours: …``."""

    @model_validator(mode="after")
    def _source_says_whose(self) -> Self:
        if not self.source.startswith(("published: ", "ours: ")):
            raise ValueError("a source starts with `published: ` or `ours: `")
        return self


class RehearsalLimits(Record):
    """What a submission is held to."""

    test_entries: Limit
    """Entries of the full test set."""
    time_limit_s: Limit
    """For the full test set, on the organiser's host."""
    host_memory_mib: Limit
    gpu_memory_mib: Limit
    rehearsal_time_limit_s: Limit
    """For one run over the sample folder, here."""
    cpus: Limit


def read_limits(file: Path) -> RehearsalLimits:
    """Read a limits file (YAML or JSON).

    Raises:
        ConfigurationError: every problem of the file.
    """
    try:
        with file.open("rb") as stream:
            content = parse_yaml(stream.read(_MOST_BYTES))
        return RehearsalLimits.model_validate(content)
    except OSError as error:
        raise ConfigurationError(f"{file}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'limits'}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError("\n".join([f"{file}: {len(lines)} problem(s)", *lines])) from error
    except ValueError as error:
        raise ConfigurationError(f"{file}: {error}") from error
