"""Text from outside, fit to be stored."""

from typing import Any

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
