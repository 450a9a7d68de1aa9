"""The first sheet of an Excel workbook as rows of text.

Promises: cells as they are stored (numbers as written in the file), no formats, no formulas; any other
content raises `ValueError`. Format: ECMA-376, the parts that every writer uses.
"""

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COLUMN = re.compile(r"[A-Z]+")


def read_xlsx_rows(file: Path) -> list[dict[str, str]]:
    """Return the rows below the header of the first sheet by column name; empty cells are absent.

    Raises:
        ValueError: not a workbook, or its first sheet has no header.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            sheet = _parse(archive.read("xl/worksheets/sheet1.xml"))
            has_shared = "xl/sharedStrings.xml" in archive.namelist()
            shared = _parse(archive.read("xl/sharedStrings.xml")) if has_shared else None
    except (OSError, KeyError, zipfile.BadZipFile, ET.ParseError) as error:
        raise ValueError(f"{file.name}: not a readable Excel workbook ({error})") from error
    texts = [] if shared is None else ["".join(_texts(item)) for item in shared.iter(f"{_MAIN}si")]
    rows = [_read_row(row, texts) for row in sheet.iter(f"{_MAIN}row")]
    if not rows:
        raise ValueError(f"{file.name}: the first sheet is empty")
    names = rows[0]
    return [{names[column]: text for column, text in row.items() if column in names} for row in rows[1:]]


def _parse(content: bytes) -> ET.Element:
    return ET.fromstring(content)  # noqa: S314 # the user's own copy of the data; expat bounds entities


def _read_row(row: ET.Element, texts: list[str]) -> dict[str, str]:
    cells: dict[str, str] = {}
    for cell in row.iter(f"{_MAIN}c"):
        match = _COLUMN.match(cell.get("r", ""))
        value = cell.findtext(f"{_MAIN}v")
        if match is None:
            raise ValueError("a cell without its place")
        if cell.get("t") == "inlineStr":
            cells[match[0]] = "".join(_texts(cell))
        elif value is not None:
            cells[match[0]] = texts[int(value)] if cell.get("t") == "s" else value
    return cells


def _texts(element: ET.Element) -> list[str]:
    return [part.text or "" for part in element.iter(f"{_MAIN}t")]
