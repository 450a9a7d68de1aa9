"""nnU-Net's environment variables, set for the length of a block and put back."""

import contextlib
import io
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOG = logging.getLogger(__name__)
_FOLDERS = {"nnUNet_raw": "raw", "nnUNet_preprocessed": "preprocessed", "nnUNet_results": "results"}


@contextmanager
def nnunet_environment(work: Path, *, n_augmenters: int = 1) -> Iterator[None]:
    """Point nnU-Net at folders below `work`, and turn what it prints into debug messages of the log.

    nnU-Net reads its folders and numbers of processes from the environment whenever it uses them, so the
    block holds its imports and its calls.

    Args:
        work: gets ``raw/``, ``preprocessed/`` and ``results/``.
        n_augmenters: processes that prepare batches; 0 prepares them in this process. Planning needs 1.
    """
    wanted = {name: str(work / folder) for name, folder in _FOLDERS.items()}
    wanted |= {"nnUNet_n_proc_DA": str(n_augmenters), "nnUNet_compile": "false"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        _LOG.debug("nnU-Net printed: %s", printed.getvalue())
