"""Ids that follow from what they name, so that saying the same thing twice says it once."""

import re
from uuid import UUID, uuid5

_NAMESPACE = UUID("6a1f6c1e-2d4b-5c0a-9a53-0a7d15a7d3c1")
_LOCATION = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def derive(*parts: object) -> UUID:
    """The UUIDv5 of its parts: equal parts always give the equal id."""
    return uuid5(_NAMESPACE, "\x1f".join(str(part) for part in parts))


def model_uuid(provider_id: UUID, name: str) -> UUID:
    """One provider holds one model of a name; adding it twice cannot make two."""
    return derive("model", provider_id, name)


def check_location(name: str) -> str:
    """A location is one token of a subject; anything else would break the bus's wildcards."""
    if not _LOCATION.fullmatch(name):
        raise ValueError(f"location {name!r}: use lower-case letters, digits and '-' only")
    return name
