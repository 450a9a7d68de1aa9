"""Methods and rules in sentences, generated from what was configured, ready for a paper.

Promises: no sentence states a number that is not read from the results or the scheme.
"""

from leaderboard.pages import describe_bootstraps
from leaderboard.report.data import ModeData, PageData, SchemeData
from leaderboard.report.records import METRIC_LABELS
from leaderboard.scheme import Group, Scheme

_METHODS = {
    "min_max": "each metric was rescaled to [0, 1] between the worst and the best team",
    "aggregate_then_rank": "metrics were averaged and teams ranked by the average",
    "rank_then_aggregate": "teams were ranked on every case and the ranks averaged",
    "test_then_rank": "all pairs of teams were tested on every task and ranked by significant wins",
}
_TESTS = {"wilcoxon": "Wilcoxon signed-rank", "permutation": "paired permutation"}
_NAMES = {"uusic25": "UUSIC25", "fmc_uia": "FMC_UIA"}


def describe_scheme(scheme: Scheme, protocol: str) -> tuple[str, ...]:
    """State a scheme's rule, a sentence a part."""
    groups = "; ".join(_describe_group(group) for group in scheme.groups(protocol))
    sentences = [
        f"{scheme.title}: {_METHODS[scheme.method]}.",
        f"Accuracy averages within and then over: {groups}.",
    ]
    weights = scheme.weights
    if weights.counts_cost:
        sentences.append(
            f"The score weighs accuracy {weights.accuracy:g}, runtime {weights.time:g} and peak GPU memory "
            f"{weights.memory:g}."
        )
    else:
        sentences.append("Only accuracy counts; runtime and memory do not.")
    if scheme.anchors is not None:
        a = scheme.anchors
        sentences.append(
            f"Scales have fixed ends (worst to best): accuracy {a.accuracy[0]:g} to {a.accuracy[1]:g}, runtime "
            f"{a.time_s[0]:g} to {a.time_s[1]:g} s, memory {a.peak_gpu_gib[0]:g} to {a.peak_gpu_gib[1]:g} GiB."
        )
    elif scheme.method == "min_max":
        sentences.append("Scores are relative to the field: adding or removing a team can reorder the others.")
    if scheme.method == "test_then_rank":
        sentences.append(
            f"Pairs were compared one-sided by the {_TESTS[scheme.test]} test; p-values were Holm-adjusted within "
            f"each task and metric at a familywise level of {scheme.alpha:g}."
        )
    if scheme.method in ("rank_then_aggregate", "test_then_rank"):
        sentences.append("A copy of a team can reorder the others under this rule.")
    sentences.append("Ties share the smaller rank. A value that a team lacks takes the worst place.")
    return tuple(sentences)


def describe_uncertainty_methods(data: SchemeData) -> tuple[str, ...]:
    """State how the certainty of a ranking was measured and what it came to."""
    found = data.uncertainty
    sentences = [
        f"The whole ranking was repeated on {found.n_resamples:,} bootstrap resamples of the cases (seed "
        f"{found.seed}), the same resamples for every team"
        + (", with the runtimes of repeated runs redrawn." if found.times_vary else "."),
    ]
    if found.n_undefined:
        sentences.append(f"{found.n_undefined:,} resamples on which a score was undefined were left out.")
    sentences.append(
        f"Rank ranges are {found.level:.0%} percentile ranges of the resampled ranks; they describe and have no "
        "level under ties."
    )
    sets = (
        f"Rank sets hold all true ranks together with {found.level:.0%} confidence: pairwise tests of the "
        f"difference of scores by bootstrap standard errors against Student's t with {found.freedom} degrees of "
        "freedom, Holm-adjusted."
    )
    if not found.sets_have_level:
        sets += " Under this scheme, whose scores jump, that level is not guaranteed."
    sentences.append(sets)
    sentences.append("A tier begins with the first team that is significantly worse than the tier before.")
    if found.tau_median is not None and found.tau_range is not None:
        sentences.append(
            f"Kendall's tau-b between the ranking and its resamples: median {found.tau_median:.2f}, "
            f"{found.level:.0%} range {found.tau_range.low:.2f} to {found.tau_range.high:.2f}."
        )
    return tuple(sentences)


def write_methods(page: PageData, mode: ModeData, data: SchemeData) -> str:
    """Write the methods paragraph of one ranking, for a paper."""
    first = mode.field.teams[0].result
    opening = (
        f"{len(mode.field.teams)} submissions were scored on {first.n_cases:,} cases of "
        f"{len(mode.field.tasks)} tasks under the {_NAMES.get(page.protocol, page.protocol)} protocol in "
        f"{mode.mode} mode (manifest SHA-256 {first.manifest_sha256[:12]})."
    )
    parts = [opening, *(f"{text}." if not text.endswith(".") else text for text in describe_bootstraps(mode.board))]
    return " ".join([*parts, *describe_scheme(data.scheme, page.protocol), *describe_uncertainty_methods(data)])


def _describe_group(group: Group) -> str:
    metrics = ", ".join(METRIC_LABELS.get(name, name) for name in group.metrics)
    where = {"summary": "over the whole set", "task": "of each task", "case": "of each case"}[group.level]
    return f"{group.name} ({metrics} {where})"
