"""What tells of an endpoint -> its state: gathered batch after batch, and written once."""

from collections import defaultdict
from collections.abc import Container, Sequence
from functools import reduce

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckReclassified
from arguslm_contracts.events.history import CheckSummarized
from arguslm_query_api import tables
from arguslm_query_api.model import LocationState, Sighting, after_second_thought, evolve
from arguslm_query_api.projections.check_gist import CheckGist, Endpoint
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert

_STATES = select(tables.model_states)

_Telling = Sighting | CheckReclassified | CheckSummarized
"""What tells the state of an endpoint."""


class StateChanges:
    """What has been told of each endpoint, in the order of the stream."""

    def __init__(self, batch: Sequence[Recorded | CheckGist], new: Container[int]) -> None:
        """`new` are the sequences of those checks that were not known yet."""
        self._told: dict[Endpoint, list[_Telling]] = defaultdict(list)
        for one in batch:
            if isinstance(one, CheckGist):
                if one.sequence in new and one.sighting is not None:
                    self._told[one.endpoint].append(one.sighting)
            elif isinstance(one.event, CheckReclassified | CheckSummarized):
                self._told[one.event.model_id, one.event.location].append(one.event)

    def join(self, later: "StateChanges") -> None:
        for endpoint, told in later._told.items():
            self._told[endpoint] += told

    async def write(self, connection: AsyncConnection) -> None:
        """Change the stored states."""
        if not self._told:
            return
        models = {tables.model_states.c.model_id: {model_id for model_id, _ in self._told}}
        known = await rows_among(connection, _STATES, models)
        stored = {(row["model_id"], row["location"]): LocationState(**row) for row in known}
        states = [
            reduce(_state_after, told, stored.get(endpoint) or LocationState(*endpoint))
            for endpoint, told in self._told.items()
        ]
        seen = [state._asdict() for state in states if state.last_check_id is not None]
        await upsert(connection, tables.model_states, seen)


def _state_after(before: LocationState, event: _Telling) -> LocationState:
    """An hour tells the state that its checks led to, for whoever no longer finds them."""
    if isinstance(event, Sighting):
        return evolve(before, event)
    if isinstance(event, CheckReclassified):
        return after_second_thought(before, event)
    if not event.counts:
        return before
    told = LocationState(event.model_id, event.location, **event.standing.model_dump())
    assert told.last_due_at is not None
    older = before.last_due_at is not None and told.last_due_at < before.last_due_at
    return before if older else told
