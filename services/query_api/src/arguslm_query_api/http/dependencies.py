"""What the routes take from a request besides its body."""

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import HTTPConnection

from arguslm_query_api.door import Door
from arguslm_query_api.refusals import Stale


def _door(connection: HTTPConnection) -> Door:
    door: Door = connection.app.state.door
    return door


def _expected_revision(
    if_match: Annotated[
        str | None, Header(description="the revision (ETag) that is to be changed")
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal():
        raise Stale(f"If-Match {if_match[:40]!r} is none of our ETags")
    return int(text)


TheDoor = Annotated[Door, Depends(_door)]
ExpectedRevision = Annotated[int | None, Depends(_expected_revision)]
IdempotencyKey = Annotated[
    str | None,
    Header(max_length=255, description="repeating a request under its key does not repeat it"),
]
