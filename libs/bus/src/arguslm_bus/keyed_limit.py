"""At most so many at once for each key, so that one slow key cannot take every place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class KeyedLimit:
    """A semaphore for each key in use; a key that nobody uses costs nothing."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._places: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def place(self, key: str) -> AsyncIterator[None]:
        """Wait for a place of the key, and hold it; in the order of arrival."""
        places = self._places.setdefault(key, asyncio.Semaphore(self._limit))
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with places:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._places[key]
