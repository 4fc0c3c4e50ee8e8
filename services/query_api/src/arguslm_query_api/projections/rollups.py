"""Checks and hours -> rollups: summed up batch after batch, and written once."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.checks import CheckReclassified
from arguslm_contracts.events.history import CheckSummarized
from arguslm_query_api import tables
from arguslm_query_api.projections.check_gist import CheckGist, Endpoint
from arguslm_query_api.projections.reclassified import SecondThought
from arguslm_query_api.rollup import Rollup, by_width, narrow_slot, slot_start
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert

SlotKey = tuple[int, UUID, datetime, str]
"""width_s, model, start, location: the key of a rollup."""
RollupSums = dict[SlotKey, Rollup]


_ROLLUPS = select(tables.rollups)


class CheckSums:
    """What checks, hours whose checks are gone, and second thoughts add to the rollups."""

    def __init__(
        self,
        checks: Iterable[CheckGist] = (),
        hours: Iterable[CheckSummarized] = (),
        again: Iterable[SecondThought] = (),
    ) -> None:
        self._narrow: dict[Endpoint, dict[int, Rollup]] = defaultdict(dict)
        """Endpoint -> start of the narrowest slot, in seconds since 1970."""
        self._wide: RollupSums = defaultdict(Rollup)
        for check in checks:
            self._slot_of(check.endpoint, check.completed_at).add(check.tally)
        for hour in hours:
            self._widely(hour, hour.hour, Rollup.of_summary(hour))
        for event, kept in again:
            difference = Rollup.of_second_thought(event)
            if kept:
                endpoint = event.model_id, event.location
                self._slot_of(endpoint, event.completed_at).merge(difference)
            else:
                self._widely(event, event.completed_at, difference)

    def _slot_of(self, endpoint: Endpoint, at: datetime) -> Rollup:
        slots = self._narrow[endpoint]
        second = narrow_slot(at)
        if second not in slots:
            slots[second] = Rollup()
        return slots[second]

    def _widely(
        self, event: CheckSummarized | CheckReclassified, at: datetime, rollup: Rollup
    ) -> None:
        """Where the check itself is gone, only the wide slots know of it."""
        for width_s in tables.LASTING_WIDTHS_S:
            key = (width_s, event.model_id, slot_start(at, width_s), event.location)
            self._wide[key].merge(rollup)

    def join(self, later: "CheckSums") -> None:
        """Take up later ones, which are spent by it."""
        for endpoint, slots in later._narrow.items():
            known = self._narrow[endpoint]
            for second, rollup in slots.items():
                if second in known:
                    known[second].merge(rollup)
                else:
                    known[second] = rollup
        for key, rollup in later._wide.items():
            self._wide[key].merge(rollup)

    async def write(self, connection: AsyncConnection, before: datetime) -> None:
        """Add to the stored ones; narrow slots that start before this are no longer kept."""
        await merge_rollups(connection, self._wide)
        await merge_rollups(connection, self._by_slot(before))

    def _by_slot(self, before: datetime) -> RollupSums:
        sums: RollupSums = {}
        for (model_id, location), narrow in self._narrow.items():
            for width_s, slots in by_width(narrow).items():
                for second, rollup in slots.items():
                    start = datetime.fromtimestamp(second, UTC)
                    if start >= before or width_s in tables.LASTING_WIDTHS_S:
                        sums[width_s, model_id, start, location] = rollup
        return sums


async def merge_rollups(connection: AsyncConnection, sums: RollupSums) -> None:
    """Add sums to the stored ones of their slots."""
    for key, stored in (await _stored_rollups(connection, sums)).items():
        if key in sums:
            sums[key].merge(stored)
    await upsert(
        connection,
        tables.rollups,
        [
            {
                "width_s": width_s,
                "model_id": model_id,
                "start": start,
                "location": location,
                **rollup.to_row(),
            }
            for (width_s, model_id, start, location), rollup in sums.items()
        ],
    )


async def _stored_rollups(connection: AsyncConnection, wanted: Collection[SlotKey]) -> RollupSums:
    """The stored sums of these slots, and some that share a width with one, a model with another
    and a start with a third: exact triples would cost PostgreSQL a plan of thousands of branches.
    """
    if not wanted:
        return {}
    columns = tables.rollups.c
    keys = (columns.width_s, columns.model_id, columns.start)
    asked = {key: {slot[place] for slot in wanted} for place, key in enumerate(keys)}
    return {
        (row["width_s"], row["model_id"], row["start"], row["location"]): Rollup.from_row(row)
        for row in await rows_among(connection, _ROLLUPS, asked)
    }
