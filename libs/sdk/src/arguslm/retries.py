"""When to try again, and after how long. Only calls that may safely happen twice are repeated."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retries:
    """`limit` repetitions, the n-th after about `first_s` * 2^n seconds. A server that asks for
    more than `longest_wait_s` is not waited for."""

    limit: int = 2
    first_s: float = 0.25
    longest_s: float = 8.0
    longest_wait_s: float = 60.0

    def delay_s(self, done: int, asked_s: float | None = None) -> float | None:
        """Seconds to wait after `done` repetitions, or None to give up."""
        if done >= self.limit or (asked_s or 0) > self.longest_wait_s:
            return None
        backoff = min(self.first_s * 2**done, self.longest_s)
        jittered: float = backoff * random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, no secret
        return max(jittered, asked_s or 0.0)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, given as a number or as a date."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
