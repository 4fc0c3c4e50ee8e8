"""Writing a decision down, and knowing when the tables show it."""

from nats.aio.client import Client
from nats.errors import Error as NatsError

from arguslm_bus.lookup import event_at, last_event
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, NotStored, Publisher, Stored
from arguslm_contracts.envelope import Recorded, Repeatable
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.registry import RegistryEvent
from arguslm_contracts.subjects import stream_of
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.refusals import KeyReused, Overtaken, Unavailable
from arguslm_storage.vault import Vault, VaultError

_SHOWN_WITHIN_S = 5.0
# A person waits for it, and can say it again.
_ATTEMPTS = 2
_UNCONFIRMED = "the bus did not confirm; repeating this is safe"
_OVERTAKEN = "somebody else changed this at the same moment; read it again and repeat"
_ASKS = "asks"


class Recorder:
    """Raises Overtaken when somebody else was faster, KeyReused when an idempotency key comes with
    another body, Unavailable when the bus does not confirm."""

    def __init__(
        self, client: Client, publisher: Publisher, projector: Projector, vault: Vault
    ) -> None:
        self._client = client
        self._publisher = publisher
        self._projector = projector
        self._vault = vault

    async def repeated(
        self, attempt: Attempt, kind: type[Event], key: object | None = None
    ) -> Recorded | None:
        """What this attempt stored when it came before, under `key` (by default its own id)."""
        if attempt.asks is None:
            return None
        subject = f"{kind.name}.{attempt.id if key is None else key}"
        try:
            known = await last_event(self._client, stream_of(subject).name, subject)
        except NatsError as error:
            raise Unavailable(_UNCONFIRMED) from error
        return known if known is not None and self._is_repetition(attempt, known) else None

    async def shows(self, known: Recorded) -> bool:
        """Whether our tables show an event, now or within a moment."""
        return await self._shown(known.stream, known.sequence)

    async def record(
        self, event: Event, *, expected_sequence: int | None = None, attempt: Attempt | None = None
    ) -> bool:
        """Store an event; whether our tables show it already."""
        stored = await self._append(event, expected_sequence, attempt)
        return await self._shown(stored.stream, stored.sequence)

    async def record_new(self, event: Event, attempt: Attempt) -> bool:
        """Store the first event of something whose id was made for this very attempt: what stands
        there already is this attempt, said before."""
        return await self.record(event, expected_sequence=0, attempt=attempt)

    async def ask(self, event: Event, attempt: Attempt, *, alone: bool = True) -> None:
        """Store a request that no table of ours shows; `alone` where its subject is its own."""
        await self._append(event, 0 if alone else None, attempt)

    async def _append(
        self, event: Event, expected_sequence: int | None, attempt: Attempt | None
    ) -> Stored:
        try:
            stored = await self._publisher.append(
                event,
                expected_sequence=expected_sequence,
                request=self._sealed(attempt),
                attempts=_ATTEMPTS,
            )
            if stored.duplicate:
                await self._check_twin(event, stored, attempt)
        except Conflict:
            await self._see_newest(event)
            raise Overtaken(_OVERTAKEN) from None
        except (NotStored, NatsError) as error:
            raise Unavailable(_UNCONFIRMED) from error
        return stored

    async def _check_twin(self, event: Event, stored: Stored, attempt: Attempt | None) -> None:
        """Two people who change one revision at once write events of one id, and the stream keeps
        the first: for the second that is a success only if it says the same."""
        known = await event_at(self._client, stored.stream, stored.sequence)
        if attempt is not None and self._is_repetition(attempt, known):
            return
        if isinstance(event, RegistryEvent) and not _says_the_same(known.event, event):
            raise Conflict

    def _is_repetition(self, attempt: Attempt, known: Recorded) -> bool:
        """Whether this attempt stored it. Raises KeyReused if it asked for something else."""
        request = known.request
        if attempt.asks is None or request is None or request.id != attempt.id:
            return False
        try:
            asked = self._vault.open(request.seal)[_ASKS]
        except VaultError:
            # Sealed under a key that is gone: nobody can say any more that it asked for the same.
            raise KeyReused from None
        if asked != attempt.asks:
            raise KeyReused
        return True

    def _sealed(self, attempt: Attempt | None) -> Repeatable | None:
        """Sealed, for a body may hold a password, and a digest of it could be guessed at."""
        if attempt is None or attempt.asks is None:
            return None
        return Repeatable(attempt.id, self._vault.seal({_ASKS: attempt.asks}))

    async def _see_newest(self, event: Event) -> None:
        """Wait until our tables show what was faster, for the loser to be told."""
        try:
            newest = await last_event(self._client, stream_of(event.subject).name, event.aggregate)
        except NatsError:
            return
        if newest is not None:
            await self.shows(newest)

    async def _shown(self, stream: str, sequence: int) -> bool:
        return await self._projector.wait_for(stream, sequence, _SHOWN_WITHIN_S)


def _says_the_same(known: Event, event: RegistryEvent) -> bool:
    return isinstance(known, RegistryEvent) and known.model_copy(update={"at": event.at}) == event


def check_revision(expected: int | None, actual: int) -> None:
    """Raises Overtaken when the caller has seen another revision than the newest."""
    if expected is not None and expected != actual:
        raise Overtaken(
            f"somebody else changed this: its newest revision is {actual}, not {expected}"
        )
