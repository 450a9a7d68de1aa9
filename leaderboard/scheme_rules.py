"""A scheme's rule in sentences that every page prints, and what is particular to a field under it."""

from leaderboard.combining import Combined
from leaderboard.scheme import Scheme
from leaderboard.standings import RankedField
from leaderboard.uncertainty import Uncertainty

_METHODS = {
    "min_max": "Every metric is min-max rescaled in its good direction over the ranked teams, averaged "
    "within its group, then over groups. Where max = min every team gets 1.",
    "aggregate_then_rank": "Every metric is aggregated over all cases and tasks, averaged within its group, "
    "then over groups, and the one number ranks.",
    "rank_then_aggregate": "The teams are ranked case by case (or task by task for set-level metrics), the "
    "ranks averaged over the cases of a task, ranked again, and averaged over tasks and metrics.",
    "test_then_rank": "In every task all pairs of teams are tested one-sided; teams are ranked by how many "
    "others they beat, and the ranks averaged over tasks and metrics.",
}
_MISSING = {
    "min_max": "A metric that is undefined for every team is left out; where it is undefined for some, it "
    "counts 0 for them.",
    "aggregate_then_rank": "A metric that is undefined for every team is left out; where it is undefined for "
    "some, it counts 0 for them.",
    "rank_then_aggregate": "A missing value takes the largest rank given plus 1, as in challengeR.",
    "test_then_rank": "A missing value counts as the worst value that any team has in the task.",
}
_COPIES = {
    True: "A copy of a team never reorders the others.",
    False: "A copy of a team can reorder the others: ranks and wins count opponents.",
}


def describe_scheme(scheme: Scheme, protocol: str) -> tuple[str, ...]:
    """State a scheme's whole rule for a protocol."""
    groups = "; ".join(
        f"{group.name}: {', '.join(group.metrics)}"
        + ("" if group.level == "summary" else f" of every {group.kind} task, by {group.level}")
        for group in scheme.groups(protocol)
    )
    w = scheme.weights
    rules = [f"{scheme.title}. Accuracy: {groups}.", _METHODS[scheme.method], *_state_details(scheme)]
    if w.counts_cost:
        what = "ranks of " if scheme.by_rank else "rescaled "
        rules.append(
            f"Score = {w.accuracy:g}·accuracy + {w.time:g}·time + {w.memory:g}·memory, with {what}runtime "
            "and peak GPU memory, less is better; a team without a run record is listed, not ranked."
        )
    else:
        rules.append("Accuracy alone: time and memory do not count.")
    if scheme.by_rank:
        rules.append("The score is a mean rank: lower is better.")
    rules += [
        "Scores equal to nine decimals are a tie; ties share the smaller rank.",
        "Failed cases (missing or invalid predictions) count with their worst values, as scored.",
        _MISSING[scheme.method],
        _COPIES[not scheme.by_rank],
    ]
    if scheme.method == "min_max" and scheme.anchors is None:
        rules.append("Scores are relative to the field: a team that joins or leaves can reorder the others.")
    return tuple(rules)


def _state_details(scheme: Scheme) -> list[str]:
    if scheme.anchors is not None:
        a = scheme.anchors
        return [
            f"Scales are anchored, not relative to the field, and not clipped (worst to best): accuracy "
            f"{a.accuracy[0]:g} to {a.accuracy[1]:g}, time {a.time_s[0]:g} to {a.time_s[1]:g} s, memory "
            f"{a.peak_gpu_gib[0]:g} to {a.peak_gpu_gib[1]:g} GiB."
        ]
    if scheme.method == "aggregate_then_rank":
        return [
            "Fractions are averaged as they are; where a metric is in pixels every metric is min-max "
            "rescaled over the ranked teams first."
        ]
    if scheme.method == "test_then_rank":
        what = "Wilcoxon's signed ranks" if scheme.test == "wilcoxon" else "the differences themselves"
        return [
            f"Tests: 9,999 sign flips (more where Holm's first step needs it) of {what}, patient by patient "
            "where known, else image by image; "
            f"Holm-adjusted over all n(n − 1) tests of a task and metric, at {scheme.alpha:g}. On resamples "
            "the flips' normal approximation is used.",
        ]
    return []


def describe_resampling(found: Uncertainty) -> tuple[str, ...]:
    """State how the uncertainty was found and how to read it."""
    percent = f"{100 * found.level:g} %"
    sentences = [
        f"{found.n_resamples} resamples of the cases (patients where known, else images), the same for all "
        f"teams, seed {found.seed}; the whole scheme is applied anew to each."
        + (f" {found.n_undefined} had an undefined score and are left out." if found.n_undefined else ""),
        "Rank intervals are percentiles over resamples and descriptive: no percentile interval covers a rank "
        "under ties.",
        f"Rank sets hold all teams' true ranks at once with {percent}: pairwise t tests of the scores' "
        f"differences ({found.freedom} degrees of freedom, the smallest task's), Holm-adjusted over all "
        "pairs."
        if found.sets_have_level
        else "Rank sets are descriptive too under this scheme: ranks and wins jump, and a scale that the "
        "field's best and worst make moves with them; no test of such differences keeps a level.",
        "A tier opens with the first team that is significantly worse than a leader of the tier above; teams "
        "of one rank share a tier.",
    ]
    if found.times_vary:
        sentences.append(
            "Runtimes are drawn too: each resample takes the median of a team's repeats drawn anew."
        )
    return tuple(sentences)


def note_field(ranked: RankedField) -> tuple[str, ...]:
    """Say what is particular to a field: terms left out or alike, teams that are not ranked."""
    notes = [f"{name} is not ranked: {why}." for name, why in sorted(ranked.unranked.items())]
    values = ranked.terms.values
    alike: list[str] = []
    for place, term in enumerate(ranked.terms.terms):
        column = values[:, place]
        missing = [name for name, value in zip(ranked.field.names, column, strict=True) if value != value]
        if len(missing) == len(column):
            notes.append(f"{term.label} is left out: it is undefined for every team.")
        elif missing:
            notes.append(f"{term.label} is undefined for {', '.join(missing)}.")
        elif len(column) > 1 and column.min() == column.max():
            alike.append(term.label)
    if alike:
        what = "wins in" if ranked.scheme.method == "test_then_rank" else "values of"
        notes.append(f"The {what} {', '.join(alike)} are alike for every team.")
    return (*notes, *_note_costs(ranked.combined, ranked.scheme))


def _note_costs(combined: Combined, scheme: Scheme) -> list[str]:
    if scheme.anchors is not None:
        return []
    parts = (
        ("runtime", scheme.weights.time, combined.time),
        ("memory", scheme.weights.memory, combined.memory),
    )
    return [
        f"The {name} is the same for every team: that term is alike for all."
        for name, weight, values in parts
        if weight > 0 and len(values) > 1 and values.min() == values.max()
    ]
