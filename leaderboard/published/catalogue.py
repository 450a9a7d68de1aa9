"""Every published table by name, as text cells with source, unit and flags: what a page prints."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from evaluation.contract.errors import ConfigurationError
from leaderboard.published.tables import (
    Estimate,
    load_fmc_uia_validation,
    load_score_sheet,
    load_table1,
    load_table2,
)
from leaderboard.published.vision_language import (
    find_echovlm_flags,
    load_echo_alpha,
    load_echovlm,
    load_umind_vl,
)

_MISPRINTS = (
    "The paper prints AlmageLab-zip and NCKC_BC; the teams are AImageLab-zip and NCCK_BC, as written here.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """One published table, ready to print."""

    name: str
    title: str
    source: str
    unit: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Cells as printed; an empty one was not published."""
    flags: tuple[str, ...]
    """What is known to be wrong or unclear, in sentences."""


def list_published() -> tuple[str, ...]:
    """List the names of all published tables."""
    return tuple(_TABLES)


def describe_published(name: str) -> PublishedTable:
    """Read a published table by its name.

    Raises:
        ConfigurationError: there is no such table.
    """
    if name not in _TABLES:
        raise ConfigurationError(
            f"Expected argument `name` to be one of {', '.join(_TABLES)} but got {name!r}."
        )
    return _TABLES[name]()


def _sheet() -> PublishedTable:
    return _make(
        "uusic25-sheet",
        "UUSIC25: final score sheet",
        "the organisers' sheet for arXiv 2512.17279",
        "fractions",
        [asdict(row) for row in load_score_sheet()],
        ("`python -m leaderboard replay uusic25` recomputes Final from these rows.",),
    )


def _table1() -> PublishedTable:
    flags = (*_MISPRINTS, "peak_gpu_gb is rounded up to two decimals; 0.00 is an entry without GPU.")
    rows = [_flatten(asdict(row)) for row in load_table1()]
    return _make(
        "uusic25-table1",
        "UUSIC25: Table 1",
        "arXiv 2512.17279",
        "time in seconds, memory in GB, DSC and AUC fractions with 95 % intervals",
        rows,
        flags,
    )


def _table2() -> PublishedTable:
    return _make(
        "uusic25-table2",
        "UUSIC25: Table 2, subtype AUC inside and outside the training centres",
        "arXiv 2512.17279",
        "fractions with 95 % intervals; gap = external - internal",
        [_flatten(asdict(row)) for row in load_table2()],
        (*_MISPRINTS, "Only the five best teams were published."),
    )


def _fmc_uia() -> PublishedTable:
    return _make(
        "fmc_uia",
        "FMC_UIA: validation set",
        "arXiv 2604.16914 and README of github.com/Daheilou/FMC_UIA_Deeper",
        "fractions; hd_px and mre_px in pixels",
        [asdict(row) for row in load_fmc_uia_validation()],
        ("Which F1 USpec's is, is not stated; FMC_UIA_Deeper's is macro.",),
    )


def _echo_alpha() -> PublishedTable:
    return _make(
        "echo-alpha",
        "Echo-alpha: grounding and diagnosis",
        "README of github.com/MiliLab/Echo-Alpha; arXiv 2604.28011",
        "percent",
        [asdict(row) for row in load_echo_alpha()],
        (),
    )


def _echovlm() -> PublishedTable:
    rows = load_echovlm()
    flags = tuple(f"{flag.where}: {flag.text}." for flag in find_echovlm_flags(rows))
    return _make(
        "echovlm",
        "EchoVLM: report generation, diagnosis and VQA by organ",
        "arXiv 2509.14977",
        "percent",
        [asdict(row) for row in rows],
        flags,
    )


def _umind_vl() -> PublishedTable:
    rows = [asdict(row) | {"fraction": f"{row.fraction:.4f}"} for row in load_umind_vl()]
    flag = (
        "The paper mixes percent and fractions; `unit` says which, and `fraction` is the same value as one."
    )
    return _make("umind-vl", "UMind-VL", "arXiv 2511.22256", "mixed, see the column unit", rows, (flag,))


_TABLES: Mapping[str, Callable[[], PublishedTable]] = {
    "uusic25-sheet": _sheet,
    "uusic25-table1": _table1,
    "uusic25-table2": _table2,
    "fmc_uia": _fmc_uia,
    "echo-alpha": _echo_alpha,
    "echovlm": _echovlm,
    "umind-vl": _umind_vl,
}


def _make(
    name: str, title: str, source: str, unit: str, rows: list[dict[str, object]], flags: tuple[str, ...]
) -> PublishedTable:
    return PublishedTable(
        name=name,
        title=title,
        source=source,
        unit=unit,
        headers=tuple(rows[0]),
        rows=tuple(tuple("" if cell is None else str(cell) for cell in row.values()) for row in rows),
        flags=flags,
    )


def _flatten(row: dict[str, object]) -> dict[str, object]:
    """Write an estimate as `0.854 (0.848-0.861)`."""
    return {
        key: _print_estimate(Estimate(**value)) if isinstance(value, dict) else value
        for key, value in row.items()
    }


def _print_estimate(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"
