"""The page's text: what it holds, and that nothing of a submission becomes markup."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from leaderboard.field import Field, make_field
from leaderboard.report.data import PageData, collect_page
from leaderboard.report.page import DrawnPage, draw_page, embed_json, render_page
from leaderboard.report.tables import NO_LEVEL, summarise_ranking
from leaderboard.report.write import make_standalone, rasterise
from leaderboard.scheme import load_scheme
from tests.leaderboard.field_scenes import (
    make_answers,
    make_case_table,
    make_scored,
    make_synthetic_field,
)

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&{{7*7}}\u2028=1+1"
SKILLS = {"Alder": 2.0, "Birch": 1.9, "Cedar": 0.5}


def make_page(field: Field, *, n_resamples: int = 50) -> PageData:
    """Collect a page of two schemes, quickly."""
    schemes = [load_scheme("uusic25"), load_scheme("aggregate-then-rank")]
    return collect_page([field], schemes=schemes, n_resamples=n_resamples)


@pytest.fixture(scope="module")
def drawn() -> DrawnPage:
    """A page of three teams with different runtimes."""
    times = {"Alder": 30.0, "Birch": 10.0, "Cedar": 5.0}
    return draw_page(make_page(make_synthetic_field(SKILLS, times_s=times)))


class TagCollector(HTMLParser):
    """Collects the tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def list_tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    """Parse a page and list its elements."""
    collector = TagCollector()
    collector.feed(text)
    return collector.tags


def make_hostile_field() -> Field:
    """A field of three teams, one with a hostile name and a failed case with a hostile reason and path."""
    rng = np.random.default_rng(0)
    results, tables = [], []
    for name, skill in (("Alder", 2.0), ("Birch", 1.5), (HOSTILE, 1.0)):
        table = make_case_table(make_answers(rng, 20, skill=skill))
        if name == HOSTILE:
            table.loc[0, ["status", "reason"]] = ["failed", HOSTILE]
            table.loc[0, ["dsc", "nsd"]] = 0.0
        results.append(make_scored(name, table))
        tables.append(table)
    return make_field(results, tables)


def test_every_id_occurs_once_and_every_reference_has_its_target(drawn: DrawnPage) -> None:
    tags = list_tags(render_page(drawn))
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {
        name
        for _, attributes in tags
        for key in ("aria-labelledby", "for")
        for name in (attributes.get(key) or "").split()
    }
    wanted |= {str(a["href"])[1:] for tag, a in tags if tag == "a" and str(a["href"]).startswith("#")}
    assert wanted <= set(ids)


def test_the_page_asks_for_nothing_from_anywhere(drawn: DrawnPage) -> None:
    text = render_page(drawn)
    tags = list_tags(text)
    addresses = [a[key] for _, a in tags for key in ("src", "href", "action", "data") if key in a]
    assert all(str(address).startswith(("#", "data:")) for address in addresses)
    assert "@import" not in text
    assert "url(" not in text
    (policy,) = [a["content"] for tag, a in tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none';")
    assert "unsafe" not in str(policy)


def test_the_page_has_no_inline_style_or_handler_that_its_policy_would_block(drawn: DrawnPage) -> None:
    names = {key for _, attributes in list_tags(render_page(drawn)) for key in attributes}
    assert "style" not in names
    assert not {name for name in names if name.startswith("on")}


def test_a_hostile_name_stays_text() -> None:
    drawn = draw_page(make_page(make_hostile_field(), n_resamples=10))
    text = render_page(drawn)
    tags = list_tags(text)
    assert "img" not in {tag for tag, _ in tags}
    assert [tag for tag, _ in tags].count("script") == 2
    assert "onerror" not in {key for _, attributes in tags for key in attributes}
    assert "\u2028" not in text
    assert "49" not in re.findall(r"alert\(1\)&gt;[^<]*", text)[0]
    for figure in drawn.figures:
        root = ElementTree.fromstring(make_standalone(figure, picked=0))  # noqa: S314 - our own text
        assert {element.tag.split("}")[1] for element in root.iter()} <= {
            *("svg", "title", "desc", "style", "rect", "circle", "path", "text")
        }


def test_embedded_data_survives_a_hostile_text() -> None:
    text = embed_json({"name": HOSTILE})
    assert not set("<>&'\u2028") & set(text)
    assert json.loads(text) == {"name": HOSTILE}


def test_every_figure_has_a_title_a_description_and_its_data(drawn: DrawnPage) -> None:
    names = [figure.name for figure in drawn.figures]
    assert len(set(names)) == len(names)
    for figure in drawn.figures:
        assert figure.title
        assert figure.description
        assert figure.table.rows
        assert {len(row) for row in figure.table.rows} == {len(figure.table.headers)}
        assert re.fullmatch(r"[a-z0-9-]+", figure.name)


def test_a_figure_is_drawn_as_png_in_its_own_colours(drawn: DrawnPage) -> None:
    svg = make_standalone(drawn.figures[0], picked=drawn.winner)
    assert "var(" not in svg
    assert rasterise(svg).startswith(b"\x89PNG")


def test_the_page_is_the_same_whatever_the_order_of_the_results() -> None:
    field = make_synthetic_field(SKILLS, n_cases=12)
    results = [team.result for team in reversed(field.teams)]
    turned = make_field(results, [team.cases for team in reversed(field.teams)])
    pages = [render_page(draw_page(make_page(one, n_resamples=10))) for one in (field, turned)]
    assert pages[0] == pages[1]


def test_the_winner_is_picked_without_a_script(drawn: DrawnPage) -> None:
    text = render_page(drawn)
    assert drawn.page.teams[drawn.winner] == "Birch"
    assert re.search(rf"class='dot picked' data-team='{drawn.winner}'", text)
    assert not re.search(rf"picked' data-team='(?!{drawn.winner}')", text)


def test_a_scheme_whose_tests_keep_no_level_says_so_and_another_does_not() -> None:
    page = make_page(make_synthetic_field(SKILLS, times_s=dict.fromkeys(SKILLS, 10.0)))
    said = {one.scheme.name: summarise_ranking(one) for one in page.modes[0].analyses}
    assert NO_LEVEL in said["uusic25"]
    assert NO_LEVEL not in said["aggregate-then-rank"]


def test_a_single_team_has_a_page() -> None:
    text = render_page(draw_page(make_page(make_synthetic_field({"Alder": 1.0}, n_cases=8), n_resamples=10)))
    assert "the only ranked submission" in text


def test_where_nobody_was_timed_accuracy_ranks_and_the_page_says_why() -> None:
    rng = np.random.default_rng(0)
    tables = [make_case_table(make_answers(rng, 12, skill=skill)) for skill in (2.0, 0.5)]
    results = [make_scored(name, table, time_s=None) for name, table in zip("ab", tables, strict=True)]
    page = make_page(make_field(results, tables), n_resamples=10)
    assert [one.scheme.name for one in page.modes[0].analyses] == ["aggregate-then-rank"]
    text = render_page(draw_page(page))
    assert "uusic25 can rank but none has a run record" in text
    assert "nothing can be set against time and memory" in text
