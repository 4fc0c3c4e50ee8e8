"""At most so many at once for each key, so that one slow key cannot take every place."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class KeyedLimit:
    """A semaphore for each key in use; a key that nobody uses costs nothing."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._users: Counter[tuple[str, int]] = Counter()

    @asynccontextmanager
    async def place(self, of: str, limit: int) -> AsyncIterator[None]:
        """Wait for one of `limit` places of the key, and hold it; in the order of arrival. A new
        limit does not wait for those that came under the one before."""
        key = (of, limit)
        places = self._places.setdefault(key, asyncio.Semaphore(limit))
        self._users[key] += 1
        try:
            async with places:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._places[key]
