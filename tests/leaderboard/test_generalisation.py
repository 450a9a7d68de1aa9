"""Gaps between centres and scores of subgroups, against plain arithmetic."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from leaderboard.field import Field, make_field
from leaderboard.generalisation import measure_gaps, measure_subgroups
from tests.leaderboard.field_scenes import make_synthetic_field


def with_column(column: str, values: Mapping[int, str | None]) -> Field:
    """Make a field whose case k of each task has `values[k % 3]`."""
    field = make_synthetic_field({"a": 1.0, "b": 0.5}, n_cases=30)
    tables = []
    for team in field.teams:
        places = [int(case.split("|")[1][:4]) % 3 for case in team.cases["case_id"]]
        told = pd.Series([values[place] for place in places], dtype=object)
        tables.append(team.cases.assign(**{column: told}))
    return make_field([team.result for team in field.teams], tables)


def test_a_gap_is_outside_minus_inside_with_an_interval_around_it() -> None:
    field = with_column("center", {0: "A", 1: "B", 2: "NKI"})
    gaps = measure_gaps(field, n_resamples=200)
    assert {(gap.inside, gap.outside) for gap in gaps} == {
        ("internal", "external"),
        *(("A", "B"), ("A", "NKI"), ("B", "NKI")),
    }
    one = next(
        g
        for g in gaps
        if (g.team, g.task, g.metric, g.inside) == ("a", "segmentation/Breast", "dsc", "internal")
    )
    cases = field.teams[0].cases
    breast = cases[cases["task_id"] == "segmentation/Breast"]
    outside = breast.loc[breast["center"] == "NKI", "dsc"].mean()
    inside = breast.loc[breast["center"] != "NKI", "dsc"].mean()
    assert one.gap == pytest.approx(outside - inside)
    assert one.low is not None
    assert one.high is not None
    assert one.gap is not None
    assert one.low < one.gap < one.high
    assert (one.inside_score.n_cases, one.outside_score.n_cases) == (20, 10)


def test_two_centres_are_drawn_apart() -> None:
    """The spread of a gap is that of both sides: streams shared by the centres would hide it."""
    field = with_column("center", {0: "A", 1: "B", 2: "B"})
    gap = next(g for g in measure_gaps(field, n_resamples=2000) if g.metric == "dsc")
    cases = field.teams[0].cases
    own = cases[cases["task_id"] == gap.task]
    variance = sum(
        float(np.var(own.loc[own["center"] == name, "dsc"])) / n for name, n in (("A", 10), ("B", 20))
    )
    assert gap.high is not None
    assert gap.low is not None
    assert (gap.high - gap.low) / (2 * 1.96) == pytest.approx(np.sqrt(variance), rel=0.1)


def test_a_manifest_of_one_centre_has_no_gap() -> None:
    assert measure_gaps(with_column("center", {0: "A", 1: "A", 2: None})) == ()
    assert measure_gaps(make_synthetic_field({"a": 1.0})) == ()


def test_chosen_pairs_alone_are_measured_and_unknown_ones_left_out() -> None:
    field = with_column("center", {0: "A", 1: "B", 2: "C"})
    gaps = measure_gaps(field, n_resamples=10, pairs=[("C", "A"), ("A", "nowhere")])
    assert {(gap.inside, gap.outside) for gap in gaps} == {("C", "A")}


def test_a_score_that_one_part_cannot_have_is_null() -> None:
    field = make_synthetic_field({"a": 1.0}, n_cases=12)
    labels = field.teams[0].cases["label"]
    told = pd.Series(np.where(labels == 1, "B", "A"), dtype=object)
    only = make_field([field.teams[0].result], [field.teams[0].cases.assign(center=told)])
    auc = next(gap for gap in measure_gaps(only, n_resamples=10) if gap.metric == "auc")
    assert auc.gap is None
    assert auc.low is None
    assert auc.inside_score.value is None


def test_subgroups_are_scored_part_by_part() -> None:
    field = with_column("subgroup_sex", {0: "f", 1: "m", 2: None})
    found = measure_subgroups(field, n_resamples=50)
    assert {(one.subgroup, one.group) for one in found} == {("sex", "f"), ("sex", "m")}
    one = next(
        s for s in found if (s.team, s.task, s.metric, s.group) == ("b", "segmentation/Kidney", "nsd", "m")
    )
    cases = field.teams[1].cases
    chosen = (cases["task_id"] == one.task) & (cases["subgroup_sex"] == "m")
    assert one.score.value == pytest.approx(cases.loc[chosen, "nsd"].mean())
    assert one.score.n_cases == 10
    assert measure_subgroups(make_synthetic_field({"a": 1.0})) == ()
