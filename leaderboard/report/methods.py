"""The methods paragraph of one ranking, ready for a paper.

Promises: no sentence states a number that is not read from the results, the scheme or the analysis.
"""

from leaderboard.analysis import Analysis
from leaderboard.analysis_pages import describe_stability
from leaderboard.pages import describe_bootstraps
from leaderboard.report.data import ModeData

NAMES = {"uusic25": "UUSIC25", "fmc_uia": "FMC_UIA"}


def write_methods(mode: ModeData, analysis: Analysis) -> str:
    """Write what was scored, how it was ranked and how sure that is, as one paragraph."""
    first = mode.field.teams[0].result
    opening = (
        f"{len(mode.field.teams)} submissions were scored on {first.n_cases:,} cases of "
        f"{len(mode.field.tasks)} tasks under the {NAMES.get(first.protocol, first.protocol)} protocol in "
        f"{mode.mode} mode (manifest SHA-256 {first.manifest_sha256[:12]})."
    )
    sentences = [
        opening,
        *describe_bootstraps(mode.board),
        *analysis.rules,
        *describe_stability(analysis),
    ]
    return " ".join(text if text.endswith(".") else f"{text}." for text in sentences)
