"""The base of everything that is stored."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Immutable, and tolerant of fields that a later version adds."""

    model_config = ConfigDict(frozen=True, extra="ignore")
