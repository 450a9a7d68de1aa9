"""The colours of the page and of its figures, light and dark.

One accent stands for the team that is picked; everything else is ink on paper.
"""

from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",
    "wash": "#f6f7f8",
    "ink": "#16191d",
    "soft": "#59616b",
    "line": "#dfe3e7",
    "mark": "#9aa3ad",
    "accent": "#0b62c4",
    "tint": "#e4effb",
}
DARK: Mapping[str, str] = {
    "paper": "#121518",
    "wash": "#1a1e22",
    "ink": "#e9ecef",
    "soft": "#a3acb6",
    "line": "#2e343b",
    "mark": "#6d7782",
    "accent": "#74b3ff",
    "tint": "#1a2c42",
}


def declare_variables(colours: Mapping[str, str]) -> str:
    """Return the colours as CSS custom properties, `--paper:#ffffff;…`."""
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def fill_variables(style: str, colours: Mapping[str, str] = LIGHT) -> str:
    """Replace `var(--name)` by the colours themselves, for programs that know no custom properties."""
    for name, value in colours.items():
        style = style.replace(f"var(--{name})", value)
    return style
