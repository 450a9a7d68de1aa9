"""Do the deed that the image's ``DEED`` names."""

import os
import sys

from . import answers, escapes, resources

sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # it is a file
DEEDS = {deed.__name__: deed for deed in (*answers.DEEDS, *resources.DEEDS, *escapes.DEEDS)}
DEEDS[os.environ["DEED"]]()
