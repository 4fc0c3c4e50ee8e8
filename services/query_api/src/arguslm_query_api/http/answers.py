"""Answers to commands: the new resource as the tables show it, or 202 when they do not yet."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

from fastapi import Response
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.rest.base import Command, Shape
from arguslm_query_api.door import Door
from arguslm_query_api.refusals import Overtaken, Unknown


class Revised(Protocol):
    @property
    def revision(self) -> int: ...


T = TypeVar("T")
R = TypeVar("R", bound=Revised)
Read = Callable[[AsyncConnection], Awaitable[T | None]]

ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {"description": "Stored, but not to be seen yet: look at `Location` in a moment."}
}


async def read(door: Door, reading: Read[T], what: str) -> T:
    """Read one thing.

    Raises:
        Unknown: there is no `what`.
    """
    async with door.database.reading() as connection:
        return known(await reading(connection), what)


def known(found: T | None, what: str) -> T:
    """What was found, or Unknown."""
    if found is None:
        raise Unknown(f"there is no {what}")
    return found


def with_etag(response: Response, resource: R) -> R:
    response.headers["ETag"] = f'"{resource.revision}"'
    return resource


@asynccontextmanager
async def both_versions(
    current: Callable[[], Awaitable[Shape]], yours: Command | None = None
) -> AsyncIterator[None]:
    """Who lost a race is told what stands there now, beside what they wanted to set."""
    try:
        yield
    except Overtaken as lost:
        if yours is not None:
            lost.yours = yours.model_dump(mode="json", exclude_unset=True)
        with suppress(Unknown):
            lost.current = (await current()).model_dump(mode="json")
        raise


def accepted(location: str) -> JSONResponse:
    return JSONResponse({"status": "accepted"}, 202, {"Location": location})
