"""Reading ahead: while one batch is written, the next one is read and decoded."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

Read = TypeVar("Read")
Prepared = TypeVar("Prepared")


class Ahead(AsyncIterator[Prepared], Generic[Read, Prepared]):
    """Each batch, prepared; one more is taken and prepared before it is asked for. `aclose` ends
    `batches` too."""

    def __init__(
        self, batches: AsyncGenerator[Read], prepare: Callable[[Read], Awaitable[Prepared]]
    ) -> None:
        self._batches = batches
        self._prepare = prepare
        self._taking = asyncio.create_task(self._take())

    async def _take(self) -> Prepared | None:
        """None at the end."""
        try:
            batch = await anext(self._batches)
        except StopAsyncIteration:
            return None
        return await self._prepare(batch)

    async def __anext__(self) -> Prepared:
        prepared = await self._taking
        if prepared is None:
            raise StopAsyncIteration
        self._taking = asyncio.create_task(self._take())
        return prepared

    async def another(self, within_s: float) -> Prepared | None:
        """The next one, if it is there within this time."""
        await asyncio.wait({self._taking}, timeout=within_s)
        return await anext(self, None) if self._taking.done() else None

    async def aclose(self) -> None:
        self._taking.cancel()
        await asyncio.gather(self._taking, return_exceptions=True)
        await self._batches.aclose()
