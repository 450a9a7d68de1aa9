"""The error tree: who is at fault, and therefore what the command line does.

::

    BenchError
    ├── UserError            exit 2, message only, no traceback
    │   ├── ManifestError        the challenge folder or its references
    │   ├── SubmissionError      a submission's files
    │   ├── GeometryError        arrays or images whose sizes do not fit together
    │   └── ConfigurationError   an option, a path or a combination of them
    └── HarnessError         exit 3, message only: the engine or the device failed
        ├── EngineError
        └── DeviceError

Anything else that reaches the command line is a bug and keeps its traceback.
"""


class BenchError(Exception):
    """Base of every error that this project raises on purpose."""


class UserError(BenchError):
    """Something that the user of the command can put right."""


class ManifestError(UserError):
    """The challenge folder, its manifest or its references cannot be used."""


class SubmissionError(UserError):
    """A submission's file cannot be used."""


class GeometryError(UserError):
    """Shapes or sizes do not fit together."""


class ConfigurationError(UserError):
    """An option, a path or a combination of options cannot be used."""


class HarnessError(BenchError):
    """The machinery around a submission failed; the submission is not to blame."""


class EngineError(HarnessError):
    """The container engine failed."""


class DeviceError(HarnessError):
    """A device (GPU, disk) failed."""
