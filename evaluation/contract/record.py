"""The base of every record that crosses the disk; those that are files carry their own `format_version`."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A frozen record: unknown keys, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
