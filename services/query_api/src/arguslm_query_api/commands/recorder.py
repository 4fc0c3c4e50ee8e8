"""Writing a decision down, and knowing when the tables show it."""

from uuid import UUID, uuid4

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, NotStored, Publisher
from arguslm_contracts.events.base import Event
from arguslm_contracts.identity import derive
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.refusals import Stale, Taken, Unavailable

_SHOWN_WITHIN_S = 5.0


class Recorder:
    """Raises Taken when somebody else was faster, Unavailable when the bus does not confirm."""

    def __init__(self, publisher: Publisher, projector: Projector) -> None:
        self._publisher = publisher
        self._projector = projector

    async def record(self, event: Event, *, expected_sequence: int | None = None) -> bool:
        """Store an event; whether our tables show it already."""
        stream, sequence = await self._append(event, expected_sequence)
        return await self._projector.wait_for(stream, sequence, _SHOWN_WITHIN_S)

    async def ask(self, event: Event) -> None:
        """Store a request that no table of ours shows."""
        await self._append(event, None)

    async def _append(self, event: Event, expected_sequence: int | None) -> tuple[str, int]:
        try:
            stored = await self._publisher.append(event, expected_sequence=expected_sequence)
        except Conflict:
            raise Taken(
                "somebody else changed this at the same moment; read it again and repeat"
            ) from None
        except NotStored as error:
            raise Unavailable("the bus did not confirm; repeating this is safe") from error
        return stored.stream, stored.sequence


def new_id(who: Principal, path: str, idempotency_key: str | None) -> UUID:
    """A random id; with an idempotency key, the one that this key always gives."""
    if idempotency_key is None:
        return uuid4()
    return derive("idempotent", who.holder, path, idempotency_key)


def check_revision(expected: int | None, actual: int) -> None:
    """Raises Stale when the caller has seen another revision than the newest."""
    if expected is not None and expected != actual:
        raise Stale(f"the newest revision is {actual}, not {expected}; read it again")
