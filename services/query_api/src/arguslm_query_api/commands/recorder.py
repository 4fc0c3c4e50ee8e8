"""Writing a decision down, and knowing when the tables show it."""

from uuid import UUID, uuid4

from nats.aio.client import Client

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, NotStored, Publisher, Stored
from arguslm_bus.reader import event_at
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.registry import RegistryEvent
from arguslm_contracts.identity import derive
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.refusals import Stale, Taken, Unavailable

_SHOWN_WITHIN_S = 5.0
# A person waits for it, and can say it again.
_ATTEMPTS = 2
_OVERTAKEN = "somebody else changed this at the same moment; read it again and repeat"


class Recorder:
    """Raises Taken when somebody else was faster, Unavailable when the bus does not confirm."""

    def __init__(self, client: Client, publisher: Publisher, projector: Projector) -> None:
        self._client = client
        self._publisher = publisher
        self._projector = projector

    async def record(self, event: Event, *, expected_sequence: int | None = None) -> bool:
        """Store an event; whether our tables show it already."""
        stored = await self._append(event, expected_sequence)
        if stored.duplicate and isinstance(event, RegistryEvent):
            await self._check_twin(event, stored)
        return await self._shown(stored)

    async def record_new(self, event: Event) -> bool:
        """Store the first event of something whose id was made for this very command: what stands
        there already is this command, said before."""
        return await self._shown(await self._append(event, 0))

    async def ask(self, event: Event) -> None:
        """Store a request that no table of ours shows."""
        await self._append(event, None)

    async def _append(self, event: Event, expected_sequence: int | None) -> Stored:
        try:
            return await self._publisher.append(
                event, expected_sequence=expected_sequence, attempts=_ATTEMPTS
            )
        except Conflict:
            raise Taken(_OVERTAKEN) from None
        except NotStored as error:
            raise Unavailable("the bus did not confirm; repeating this is safe") from error

    async def _check_twin(self, event: RegistryEvent, stored: Stored) -> None:
        """Two people who change one revision at once write events of one id, and the stream keeps
        the first: for the second that is a success only if it says the same."""
        known = (await event_at(self._client, stored.stream, stored.sequence)).event
        if (
            not isinstance(known, RegistryEvent)
            or known.model_copy(update={"at": event.at}) != event
        ):
            raise Taken(_OVERTAKEN)

    async def _shown(self, stored: Stored) -> bool:
        return await self._projector.wait_for(stored.stream, stored.sequence, _SHOWN_WITHIN_S)


def new_id(who: Principal, path: str, idempotency_key: str | None) -> UUID:
    """A random id; with an idempotency key, the one that this key always gives."""
    if idempotency_key is None:
        return uuid4()
    return derive("idempotent", who.holder, path, idempotency_key)


def check_revision(expected: int | None, actual: int) -> None:
    """Raises Stale when the caller has seen another revision than the newest."""
    if expected is not None and expected != actual:
        raise Stale(f"the newest revision is {actual}, not {expected}; read it again")
