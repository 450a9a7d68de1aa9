"""The report: one self-contained page of a field, its figures and its tables.

Promises: what comes from a submission (names, reasons, paths) is text, never markup; the page loads nothing
and its policy forbids it to; each figure is drawn once, as SVG, for the page, for the file and for paper.
"""
