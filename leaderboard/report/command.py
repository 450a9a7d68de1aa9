"""What `python -m leaderboard build` does for the report."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from evaluation.contract.errors import ConfigurationError
from leaderboard.case_files import CASES_FILE
from leaderboard.report.data import collect_page
from leaderboard.report.page import FileLink
from leaderboard.report.write import copy_results, read_fields, write_report
from leaderboard.scheme import load_scheme

TABLES = (
    FileLink(href="leaderboard.md", label="leaderboard.md"),
    FileLink(href="leaderboard.csv", label="leaderboard.csv"),
)


def build_report(
    results: Sequence[Path], out: Path, schemes: Sequence[str] | None, *, resamples: int, seed: int
) -> tuple[Path, ...]:
    """Write the page, its figures and its results; say on stderr why not where a table of cases is absent.

    Args:
        results: result files, of one mode or of both.
        out: the report's folder.
        schemes: names or files of the rankings it shows; None is every shipped one for the protocol.
        resamples: for the uncertainty; two or more.
        seed: 0 or more.

    Returns:
        What was written.

    Raises:
        ConfigurationError: what reading, ranking and writing refuse.
    """
    errors = Console(stderr=True)
    missing = [path.parent / CASES_FILE for path in results if not (path.parent / CASES_FILE).is_file()]
    if missing:
        errors.print(
            f"No index.html: {missing[0]} is absent; keep result.json and cases.csv together.",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
        return ()
    with errors.status("Reading") as status:
        fields = read_fields(results)
        chosen = [load_scheme(name) for name in schemes] if schemes else None
        page = collect_page(fields, schemes=chosen, n_resamples=resamples, seed=seed, progress=status.update)
        try:
            links = (*TABLES, *copy_results(fields, out))
        except OSError as error:
            raise ConfigurationError(
                f"Expected argument `out` to be a folder to write to but got {out} ({error}); choose another."
            ) from error
        return write_report(page, out, links=links, progress=status.update)
