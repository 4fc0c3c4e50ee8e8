"""What the routes take from a request besides its body."""

from typing import Annotated

from fastapi import Depends, Header
from starlette.requests import HTTPConnection, Request

from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.door import Door
from arguslm_query_api.refusals import NoRevision


# All of them async: FastAPI takes the others to a thread.
async def _door(connection: HTTPConnection) -> Door:
    door: Door = connection.app.state.door
    return door


async def _expected_revision(
    if_match: Annotated[
        str | None, Header(description="the revision (ETag) that is to be changed")
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal():
        raise NoRevision(f"If-Match {if_match[:40]!r} is none of our ETags")
    return int(text)


async def _attempt(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="sending a request again under its key gives the same answer and does "
            "nothing twice; another body under the key is a 422",
        ),
    ] = None,
) -> Attempt:
    if idempotency_key is None:
        return Attempt.once()
    who: Principal = request.state.principal
    return Attempt.under_key(idempotency_key, who.holder, request.url.path, await request.body())


TheDoor = Annotated[Door, Depends(_door)]
ExpectedRevision = Annotated[int | None, Depends(_expected_revision)]
TheAttempt = Annotated[Attempt, Depends(_attempt)]
