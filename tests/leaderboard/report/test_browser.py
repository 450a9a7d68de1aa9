"""The page in Debian's Chromium: it sorts, switches, drags, opens pictures, asks for nothing, reads aloud."""

import dataclasses
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from leaderboard.cells import clean_text
from leaderboard.report.data import collect_page
from leaderboard.report.gallery import GallerySources, collect_gallery
from leaderboard.report.page import draw_page, render_page
from leaderboard.scheme import load_scheme
from tests.leaderboard.field_scenes import make_synthetic_field
from tests.leaderboard.report.test_page import HOSTILE, make_hostile_field, make_page

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no `chromium` on the path: Debian's package has it")
AXE = Path(str(find_spec("axe_playwright_python").origin)).parent / "axe.min.js"  # type: ignore[union-attr]
# Accurate and slow, fair, poor and fast: the weight decides who is first.
SKILLS = {"Alder": 2.5, "Birch": 1.5, "Cedar": 0.2}
TIMES = {"Alder": 50.0, "Birch": 20.0, "Cedar": 5.0}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three teams, two schemes and a gallery, on disk."""
    folder = tmp_path_factory.mktemp("report")
    field = make_synthetic_field(SKILLS, n_cases=12, times_s=TIMES)
    for image_path in field.teams[0].cases["image_path"]:
        file = folder / "images" / image_path
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((30, 40), 90, dtype=np.uint8)).save(file, format="PNG")
    schemes = [load_scheme("uusic25"), load_scheme("aggregate-then-rank")]
    page = collect_page([field], schemes=schemes, n_resamples=20)
    sources = GallerySources(images=folder / "images", references=None, predictions={})
    gallery = collect_gallery(field, page.modes[0].entrants, sources)
    file = folder / "index.html"
    file.write_text(render_page(draw_page(dataclasses.replace(page, gallery=gallery))), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, page_file: Path) -> Iterator[Page]:
    """The page, opened from its file; no message on the console, no request beyond the file itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: complaints.append(request.url))
    opened.goto(page_file.as_uri())
    yield opened
    context.close()
    asked = [text for text in complaints if text != page_file.as_uri() and not text.startswith("data:")]
    assert asked == []


def list_names(page: Page, *, place: int = 0) -> list[str]:
    """Read the submissions of one of the ranking tables, from top to bottom."""
    return page.locator("table.ranking").nth(place).locator("tbody .pick").all_inner_texts()


def test_a_click_on_a_column_sorts_and_a_second_one_turns_it_round(page: Page) -> None:
    table = page.locator("table.ranking").first
    head = table.locator("th", has_text="Time (s)")
    head.locator("button").click()
    assert list_names(page) == ["Cedar", "Birch", "Alder"]
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert list_names(page) == ["Alder", "Birch", "Cedar"]
    assert head.get_attribute("aria-sort") == "descending"
    assert table.locator("[aria-sort]").count() == 1


def test_choosing_a_scheme_shows_its_ranking_and_hides_the_other(page: Page) -> None:
    page.locator("#scheme").select_option("aggregate-then-rank")
    assert page.locator("table.ranking").nth(1).is_visible()
    assert not page.locator("table.ranking").nth(0).is_visible()
    assert not page.locator("#sweep").is_visible()
    page.locator("#scheme").select_option("uusic25")
    assert page.locator("#sweep").is_visible()


def test_dragging_the_weight_moves_the_ranks(page: Page) -> None:
    def read_order() -> list[str]:
        items = page.locator("#live li")
        ranks = [int(str(item.get_attribute("data-rank"))) for item in items.all()]
        names = items.locator(".who").all_inner_texts()
        return [name for _, name in sorted(zip(ranks, names, strict=True))]

    slider = page.locator("#weight")
    slider.fill("100")
    assert read_order() == ["Alder", "Birch", "Cedar"]
    assert "Alder" in page.locator("#live-note").inner_text()
    slider.focus()
    page.keyboard.press("Home")
    page.locator("#share").fill("100")
    assert read_order() == ["Cedar", "Birch", "Alder"]
    page.locator("#reset").click()
    assert page.locator("#weight-out").inner_text() == "70 %"


def test_the_live_ranking_at_the_rule_is_the_tables(page: Page) -> None:
    assert page.locator("#live .who").all_inner_texts() == list_names(page)


def test_picking_a_team_colours_it_everywhere_and_no_other(page: Page) -> None:
    page.locator("table.ranking").first.locator(".pick", has_text="Cedar").click()
    index = page.locator("#team").input_value()
    picked = page.evaluate("[...new Set([...document.querySelectorAll('.picked')].map(e => e.dataset.team))]")
    assert picked == [index]
    unpicked = page.evaluate(f"document.querySelectorAll('[data-team=\"{index}\"]:not(.picked)').length")
    assert unpicked == 0


def test_the_gallery_opens_steps_and_closes_by_keyboard(page: Page) -> None:
    first = page.locator(".gallery .open").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#viewer").is_visible()
    before = page.locator("#viewer-text").inner_text()
    page.keyboard.press("ArrowRight")
    assert page.locator("#viewer-text").inner_text() != before
    page.keyboard.press("Escape")
    assert not page.locator("#viewer").is_visible()


def test_the_theme_button_turns_the_paper_dark_and_back(page: Page) -> None:
    def read_paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = read_paper()
    page.locator("#theme").click()
    assert read_paper() != light
    page.locator("#theme").click()
    assert read_paper() == light


def test_a_hostile_name_is_shown_and_never_run(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "index.html"
    file.write_text(render_page(draw_page(make_page(make_hostile_field(), n_resamples=10))), encoding="utf-8")
    page = browser.new_page()
    complaints: list[str] = []
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.locator("#team").select_option(label=clean_text(HOSTILE))
    page.locator("#weight").fill("0")
    assert clean_text(HOSTILE) in page.locator("#live .who").all_text_contents()
    assert page.locator("img").count() == 0
    page.close()
    assert complaints == []


def test_on_paper_it_is_light_and_the_ranking_fits(browser: Browser, page_file: Path) -> None:
    # A4 landscape without its margins, at 96 px an inch.
    context = browser.new_context(viewport={"width": 1032, "height": 700}, color_scheme="dark")
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("document.querySelector('table.ranking').scrollWidth") <= 1032
    assert not page.locator("#sweep").is_visible()
    context.close()


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_barrier(browser: Browser, page_file: Path, theme: str) -> None:
    # The page's own policy forbids foreign scripts, axe among them.
    context = browser.new_context(bypass_csp=True, color_scheme="dark" if theme == "dark" else "light")
    page = context.new_page()
    page.goto(page_file.as_uri())
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    context.close()
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []
