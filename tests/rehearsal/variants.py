"""A submission that keeps every rule, and variants that break one each.

The answers are made beforehand; the program copies them, and each variant adds its fault. In an image the
answers lie at ``/answers``, so nothing needs to be installed there.
"""

from evaluation.rehearsal.verdict import Rule

GOOD = """
import shutil, sys
from pathlib import Path
answers, out = Path(sys.argv[1]), Path(sys.argv[2])
{before}
for file in sorted(answers.rglob("*")):
    if file.is_file():
        place = out / file.relative_to(answers)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
{after}
"""

# By the rule that each breaks: what it does before and after it answers.
COMMAND_VARIANTS: dict[Rule, tuple[str, str]] = {
    Rule.FINISHES: ("import time; time.sleep(600)", ""),
    Rule.COMPLETE: ("", "next(out.rglob('*.png')).unlink()"),
    Rule.VALID: ("", "next(out.rglob('*.png')).write_bytes(b'no picture')"),
    Rule.DETERMINISTIC: (
        "",
        "import random; next(out.rglob('*.json')).open('a').write(' ' * random.randrange(9999))",
    ),
    Rule.TIME: ("import time; time.sleep(1)", "time.sleep(1)"),
    Rule.MEMORY: ("held = bytearray(700 * 2**20); import time; time.sleep(1)", ""),
}
IMAGE_VARIANTS: dict[Rule, tuple[str, str]] = {
    Rule.OFFLINE: ("import urllib.request; urllib.request.urlopen('http://example.org/weights')", ""),
    Rule.READ_ONLY: ("Path('/opt/cache').mkdir()", ""),
}


def make_program(fault: tuple[str, str] = ("", "")) -> str:
    """Return the program with a fault, or without one."""
    return GOOD.format(before=fault[0], after=fault[1])
