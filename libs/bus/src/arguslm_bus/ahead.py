"""Reading ahead: while one batch is written, the next one is read and decoded."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

Read = TypeVar("Read")
Prepared = TypeVar("Prepared")


async def ahead(
    batches: AsyncGenerator[Read], prepare: Callable[[Read], Awaitable[Prepared]]
) -> AsyncGenerator[Prepared]:
    """Each batch, prepared; one more is taken and prepared before it is asked for. Ends `batches`
    when it ends."""

    async def take() -> Prepared:
        return await prepare(await anext(batches))

    taking = asyncio.create_task(take())
    try:
        while True:
            try:
                prepared = await taking
            except StopAsyncIteration:
                return
            taking = asyncio.create_task(take())
            yield prepared
    finally:
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        await batches.aclose()
