"""The page of a full challenge, measured: ``python -m tests.leaderboard.report.measure_page``."""

import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

import typer
from playwright.sync_api import sync_playwright

from leaderboard.report.data import collect_page
from leaderboard.report.write import write_report
from tests.leaderboard.measure_ranking import make_field_of_fifteen

N_OPENINGS = 5
TIMES = """new Promise(done => requestAnimationFrame(() => setTimeout(() => {
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    done([paint.startTime, performance.getEntriesByType('navigation')[0].loadEventEnd]);
})))"""


def print_page() -> None:
    """Print the page of 15 teams and 2,480 cases: size, making, opening in headless Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        typer.echo("no `chromium` on the path: Debian's package has it", err=True)
        raise typer.Exit(2)
    with tempfile.TemporaryDirectory() as name:
        begin = time.process_time()
        page = collect_page([make_field_of_fifteen()])
        write_report(page, Path(name))
        cpu_s = time.process_time() - begin
        file = Path(name) / "index.html"
        openings = [_open(chromium, file) for _ in range(N_OPENINGS)]
        paint_ms, load_ms = (median(each) for each in zip(*openings, strict=True))
        typer.echo(
            f"15 teams, 2,480 cases, {len(page.modes[0].analyses)} schemes, {page.n_resamples} resamples: "
            f"{file.stat().st_size / 1e6:.1f} MB, made with its figures in {cpu_s:.0f} s of processor time; "
            f"first painted after {paint_ms:.0f} ms, loaded after {load_ms:.0f} ms "
            f"(medians of {N_OPENINGS} fresh browsers)"
        )


def _open(chromium: str, file: Path) -> tuple[float, float]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(file.as_uri())
        paint_ms, load_ms = page.evaluate(TIMES)
        browser.close()
    return float(paint_ms), float(load_ms)


if __name__ == "__main__":
    typer.run(print_page)
