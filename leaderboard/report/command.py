"""What `python -m leaderboard build` does for the report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from evaluation.contract.errors import ConfigurationError
from leaderboard.analysis import Analysis
from leaderboard.case_files import CASES_FILE
from leaderboard.cells import clean_text
from leaderboard.report.data import collect_page
from leaderboard.report.gallery import GallerySources, collect_gallery
from leaderboard.report.memory import MemorySeries, read_memory
from leaderboard.report.page import FileLink
from leaderboard.report.write import copy_results, read_fields, write_report
from leaderboard.result_files import load_results
from leaderboard.scheme import load_scheme
from leaderboard.staging import refuse_folder

PREDICTIONS = "predictions"
"""Where the runner puts a submission's output, beside its result."""
TABLES = (
    FileLink(href="leaderboard.md", label="leaderboard.md"),
    FileLink(href="leaderboard.csv", label="leaderboard.csv"),
    FileLink(href="leaderboard.tex", label="leaderboard.tex"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryFolders:
    """What the worst-case gallery is drawn from, as the command line names it."""

    images: Path | None = None
    """None: no gallery."""
    references: Path | None = None
    predictions: tuple[str, ...] = ()
    """`NAME=FOLDER`; for other teams the folder `predictions` beside the result."""


def build_report(
    results: Sequence[Path],
    out: Path,
    schemes: Sequence[str] | None,
    analysed: Sequence[Analysis],
    *,
    resamples: int,
    seed: int,
    folders: GalleryFolders,
) -> tuple[Path, ...]:
    """Write the page, its figures and its results; say on stderr why not where a table of cases is absent.

    Args:
        results: result files, of one mode or of both.
        out: the report's folder.
        schemes: names or files of the rankings it shows; None is every shipped one for the protocol.
        analysed: the rankings by these schemes that are there already.
        resamples: for the uncertainty; two or more.
        seed: 0 or more.
        folders: of the gallery.

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
        page = collect_page(
            fields,
            schemes=chosen,
            n_resamples=resamples,
            seed=seed,
            analysed=analysed,
            memory=_read_memories(results),
            progress=status.update,
        )
        if folders.images is not None:
            sources = find_sources(results, folders, page.teams)
            first = page.modes[0]
            gallery = collect_gallery(first.field, first.entrants, sources, status.update)
            page = replace(page, gallery=gallery)
        try:
            links = (*TABLES, *copy_results(fields, out))
        except OSError as error:
            raise refuse_folder(out, error) from error
        return write_report(page, out, links=links, progress=status.update)


def find_sources(results: Sequence[Path], folders: GalleryFolders, teams: Sequence[str]) -> GallerySources:
    """Find every team's folder of predictions.

    Raises:
        ConfigurationError: the images are no folder; an entry of `predictions` is not `NAME=FOLDER`, or names
            no team or no folder.
    """
    if folders.images is None or not folders.images.is_dir():
        raise ConfigurationError(f"Expected argument `images` to be a folder but got {folders.images}.")
    found: dict[str, Path] = {}
    for path in results:
        beside = path.parent / PREDICTIONS
        if beside.is_dir():
            found[_read_name(path)] = beside
    for entry in folders.predictions:
        name, sign, folder = entry.partition("=")
        if not sign or name not in teams or not Path(folder).is_dir():
            raise ConfigurationError(
                f"Expected argument `predictions` to be NAME=FOLDER with a folder that exists and a name of "
                f"{', '.join(teams)} but got {entry!r}."
            )
        found[name] = Path(folder)
    return GallerySources(images=folders.images, references=folders.references, predictions=found)


def _read_memories(results: Sequence[Path]) -> dict[str, MemorySeries]:
    """Read every team's series; both modes score one run, so the first one found is the team's."""
    found: dict[str, MemorySeries] = {}
    for path in results:
        series = read_memory(path)
        if series is not None:
            found.setdefault(_read_name(path), series)
    return found


def _read_name(path: Path) -> str:
    (result,) = load_results([path])
    return clean_text(result.submission)
