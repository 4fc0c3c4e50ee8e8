"""Deciding history again: which checks the taxonomy of today would call something else.

Nothing that was stored is changed. What changes is said behind it, one event for each check, and
the tables follow.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from nats.aio.client import Client

from arguslm_bus.folding import storable
from arguslm_bus.publisher import NotStored, Publisher
from arguslm_bus.reader import RawMessage, read_until, stream_state
from arguslm_contracts.envelope import UnreadableEvent, decode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted, CheckReclassified
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.streams import CHECKS
from arguslm_launcher.data_dir import CannotStart
from arguslm_llm.outcomes import decide_again

Progress = Callable[[str, int, int], None]

_SUBJECTS = (f"{CheckCompleted.name}.>", f"{CheckReclassified.name}.>")
# A check is stored soon after it completed, by clocks that may differ.
_CLOCKS_DIFFER = timedelta(hours=1)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which checks: completed in since <= time < until, of a model and a provider by name or id (a
    provider also by type). None is any."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    provider: str | None = None

    def __contains__(self, check: CheckCompleted | CheckReclassified) -> bool:
        providers = (check.provider_name, check.provider_type, check.provider_id)
        return (
            (self.since is None or check.completed_at >= self.since)
            and (self.until is None or check.completed_at < self.until)
            and self.model in (None, check.model, str(check.model_id))
            and (self.provider is None or self.provider in providers)
        )


class Change(NamedTuple):
    """Checks of one provider that would become the same."""

    provider: str
    was: Outcome
    becomes: Outcome
    checks: int


class Reclassification:
    """See the events of CHECKS in their order, then ask what would change."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._events: dict[UUID, CheckReclassified] = {}
        self._said: set[UUID] = set()
        self.checks = 0
        """How many checks were wanted and seen."""

    def see(self, event: Event) -> None:
        """Take a check, or an earlier second thought about one, into account."""
        if isinstance(event, CheckReclassified):
            self._said.add(event.check_id)
            self._consider(event)
        elif isinstance(event, CheckCompleted) and event.purpose != "connection_test":
            self.checks += event in self._wanted
            # The twin of a check comes when it has been decided again already.
            if event.check_id not in self._said:
                self._consider(event)

    def _consider(self, check: CheckCompleted | CheckReclassified) -> None:
        again = decide_again(check.provider_type, check.measurement)
        if again is None or check not in self._wanted:
            self._events.pop(check.check_id, None)
            return
        self._events[check.check_id] = CheckReclassified(
            check_id=check.check_id,
            model_id=check.model_id,
            provider_id=check.provider_id,
            provider_type=check.provider_type,
            provider_name=check.provider_name,
            model=check.model,
            location=check.location,
            completed_at=check.completed_at,
            was=check.measurement.outcome,
            measurement=again,
            kind=check.kind,
        )

    @property
    def events(self) -> list[CheckReclassified]:
        """What there is to say, in the order of the checks."""
        return list(self._events.values())

    def changes(self) -> Iterator[Change]:
        """What would change, the most first."""
        counted = Counter((e.provider_name, e.was, e.measurement.outcome) for e in self.events)
        for (provider, was, becomes), checks in counted.most_common():
            yield Change(provider, was, becomes, checks)


async def reclassification(client: Client, wanted: Wanted, progress: Progress) -> Reclassification:
    """Decide every wanted check again that the stream still has; nothing is said."""
    found = Reclassification(wanted)
    since = wanted.since and wanted.since - _CLOCKS_DIFFER
    state = await stream_state(client, CHECKS.name)
    done = 0
    async for batch in read_until(
        client, CHECKS.name, after=0, until=state.last_sequence, subjects=_SUBJECTS, since=since
    ):
        for message in batch:
            event = _event(message)
            if event is not None:
                found.see(event)
        done += len(batch)
        progress(CHECKS.name, done, done + batch[-1].pending)
    return found


async def say(client: Client, events: list[CheckReclassified], progress: Progress) -> None:
    """Publish what was decided again. To begin once more after an interruption says nothing twice:
    the stream refuses the twin, for ever.

    Raises:
        CannotStart: the bus does not take it.
    """
    publisher = Publisher(client, OPERATOR)
    for first in range(0, len(events), _AT_ONCE):
        some = events[first : first + _AT_ONCE]
        try:
            await asyncio.gather(*(publisher.append(event) for event in some))
        except NotStored as error:
            raise CannotStart(
                f"{error}: was the house ever started with this release? {first} are done; "
                "say it again for the rest"
            ) from error
        progress(CheckReclassified.name, first + len(some), len(events))


def _event(message: RawMessage) -> Event | None:
    try:
        return decode(
            message.headers,
            storable(message.body),
            stream=CHECKS.name,
            sequence=message.sequence,
            subject=message.subject,
        ).event
    except UnreadableEvent:
        return None  # no table has it either: the projector has buried it
