"""Packing files so that the same files give the same bytes."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

Content = bytes | Path
"""A file's bytes, or where it lies."""

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644


def read_content(content: Content) -> bytes:
    """Return a file's bytes."""
    return content if isinstance(content, bytes) else content.read_bytes()


def pack_zip(files: Mapping[str, Content]) -> bytes:
    """Pack files by their names inside the archive, sorted, without dates."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.external_attr = _MODE << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, read_content(files[name]))
    return stream.getvalue()


def pack_tar_gz(files: Mapping[str, Content]) -> bytes:
    """Pack files as `pack_zip` does, in the form that Grand Challenge takes ground truth."""
    stream = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(files):
            content = read_content(files[name])
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), _MODE
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
