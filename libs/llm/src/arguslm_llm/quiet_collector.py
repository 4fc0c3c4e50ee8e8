"""Python's garbage collector, kept away from the clocks. Looking through everything stops every
thread of the process for a tenth of a second; looking through the newest thousand for a blink."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager

# Of the young few at a time, and never of all by itself.
_NEW_OBJECTS, _YOUNG, _MIDDLE = 1_000, 10, 1_000_000_000
_QUIET_PERIOD_S = 60.0
_AT_LATEST_S = 600.0


class QuietCollector:
    """Looks for garbage of all ages when nobody measures, or at least every ten minutes: what that
    does to a measurement under way, its own audit tells."""

    def __init__(self) -> None:
        self._measuring = 0
        self._collected_s = time.monotonic()

    def take_over(self) -> None:
        """What lives now lives for ever: from here on the collector passes over it."""
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS, _YOUNG, _MIDDLE)
        self._collected_s = time.monotonic()

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Somebody measures until the block ends."""
        self._measuring += 1
        try:
            yield
        finally:
            self._measuring -= 1
            allowed_s = _AT_LATEST_S if self._measuring else _QUIET_PERIOD_S
            if time.monotonic() - self._collected_s > allowed_s:
                gc.collect()
                self._collected_s = time.monotonic()
