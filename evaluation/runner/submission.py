"""What is to be run: an image, a file that holds one, or a command."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from evaluation.contract.errors import ConfigurationError

PLACES = ("input", "input_json", "output")
"""What the words ``{input}``, ``{input_json}`` and ``{output}`` of a command stand for."""


@dataclass(frozen=True)
class ImageSubmission:
    """An image by name, tag, digest or id; it is pulled when the engine does not have it."""

    reference: str


@dataclass(frozen=True)
class ImageFileSubmission:
    """What ``docker save`` wrote, or an Apptainer ``.sif``."""

    file: Path


@dataclass(frozen=True)
class CommandSubmission:
    """A command on this machine, without a shell."""

    words: tuple[str, ...]

    def fill(self, places: dict[str, Path | None]) -> list[str]:
        """Return the command with the words in braces replaced.

        Raises:
            ConfigurationError: a word is used that this challenge has no file for.
        """
        filled = []
        for word in self.words:
            for name in PLACES:
                mark = "{" + name + "}"
                if mark not in word:
                    continue
                place = places.get(name)
                if place is None:
                    raise ConfigurationError(f"the command uses {mark}, which this challenge does not have")
                word = word.replace(mark, str(place))
            filled.append(word)
        return filled


Submission = ImageSubmission | ImageFileSubmission | CommandSubmission


def parse_command(text: str) -> CommandSubmission:
    """Split a command line as a shell would, without running one.

    Raises:
        ConfigurationError: empty, or a quote that is not closed.
    """
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise ConfigurationError(f"--command cannot be split into words: {error}") from error
    if not words:
        raise ConfigurationError("Expected --command to hold a program and its words but it is empty")
    return CommandSubmission(words)


def choose_submission(image: str | None, image_file: Path | None, command: str | None) -> Submission:
    """Return the one submission that the options name.

    Raises:
        ConfigurationError: none or several are given, or the file does not exist.
    """
    given = [option for option in (image, image_file, command) if option]
    if len(given) != 1:
        raise ConfigurationError("Expected exactly one of --image, --image-tar and --command")
    if image:
        if image.startswith("-") or any(c.isspace() for c in image):
            raise ConfigurationError(f"Expected --image to name an image but got {image!r}")
        return ImageSubmission(image)
    if image_file:
        if not image_file.is_file():
            raise ConfigurationError(
                f"{image_file}: no such file; --image-tar names what `docker save` wrote"
            )
        return ImageFileSubmission(image_file.resolve())
    return parse_command(command or "")
