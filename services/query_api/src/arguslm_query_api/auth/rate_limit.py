"""How often a client may try to sign in: a sliding window in this process."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from arguslm_query_api.refusals import TooMany

_MOST_CLIENTS = 10_000


class RateLimit:
    """At most `limit` tries in any `window_s` seconds, by client."""

    def __init__(
        self, limit: int, window_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._window_s = window_s
        self._clock = clock
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, client: str) -> None:
        """Raises TooMany when the client has used up its tries."""
        now = self._clock()
        tries = self._tries.setdefault(client, deque())
        self._tries.move_to_end(client)
        if len(self._tries) > _MOST_CLIENTS:
            self._tries.popitem(last=False)
        while tries and tries[0] <= now - self._window_s:
            tries.popleft()
        if len(tries) >= self._limit:
            raise TooMany(
                "too many sign-in attempts; wait a moment",
                retry_after_s=tries[0] + self._window_s - now,
            )
        tries.append(now)
