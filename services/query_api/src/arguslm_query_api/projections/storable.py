"""Text from outside, fit to be stored."""

from typing import Any

from arguslm_contracts.record import Record
from arguslm_storage.columns import JsonText, to_json

_NUL, _REPLACEMENT = "\x00", "\ufffd"


def storable(value: Any) -> Any:
    """The value with every NUL in its strings replaced: PostgreSQL stores none, and one in a
    provider's answer must not cost us the check."""
    if isinstance(value, str):
        return value.replace(_NUL, _REPLACEMENT)
    if isinstance(value, dict):
        return {storable(key): storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    return value


def json_of(record: Record) -> JsonText:
    """What is stored of a record: without what it leaves open, and fit for PostgreSQL."""
    text = record.model_dump_json(exclude_none=True)
    if "\\u0000" in text:
        text = to_json(storable(record.model_dump(mode="json", exclude_none=True)))
    return JsonText(text)
