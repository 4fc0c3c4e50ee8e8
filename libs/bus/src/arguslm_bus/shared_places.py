"""At most so many at once for each key, over all processes on the bus.

The broker is the arbiter: a place is taken by the first to write to its subject while that is
empty, kept by writing again behind one's own last message, and given back by deleting it. A holder
that died or was stopped loses it when its message has aged.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import Header
from nats.js.errors import APIError

from arguslm_contracts.places import LASTS_S, STREAM, place_subject

log = structlog.get_logger(__name__)

_RENEWED_S = LASTS_S / 3
_ANSWER_S = 2.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.25
_TAKEN = (10071, 10164)


class SharedPlaces:
    """Places of one process. Any number of tasks may wait for one."""

    def __init__(self, client: Client) -> None:
        self._jetstream = client.jetstream()

    @asynccontextmanager
    async def place(self, of: str, limit: int) -> AsyncIterator[None]:
        """Wait for one of `limit` places of the key, and hold it.

        Raises:
            nats.errors.Error: the bus does not answer.
        """
        subject, sequence = await self._take(of, limit)
        over = asyncio.Event()
        keeping = asyncio.create_task(self._keep(subject, sequence, over))
        try:
            yield
        finally:
            over.set()
            await self._give_back(await keeping)

    async def _take(self, of: str, limit: int) -> tuple[str, int]:
        pause_s = _FIRST_PAUSE_S
        while True:
            # From anywhere on: those who wait do not all ask for the same one.
            for number in random.sample(range(limit), limit):
                subject = place_subject(of, number)
                sequence = await self._write(subject, after=0)
                if sequence is not None:
                    return subject, sequence
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _keep(self, subject: str, sequence: int, over: asyncio.Event) -> int:
        """Renew the place until it is over; gives the sequence of what is then to be deleted."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), _RENEWED_S)
                return sequence
            with suppress(NatsError):
                renewed = await self._write(subject, after=sequence)
                # A broker that was away for long has let it age.
                renewed = renewed or await self._write(subject, after=0)
                if renewed is None:
                    log.warning("place_lost", place=subject)
                    return 0
                sequence = renewed

    async def _give_back(self, sequence: int) -> None:
        """What cannot be given back ages."""
        if sequence:
            with suppress(NatsError):
                await self._jetstream.delete_msg(STREAM, sequence)

    async def _write(self, subject: str, *, after: int) -> int | None:
        """The sequence of our message, if the last one of its subject is `after` (0: none)."""
        headers = {Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(after)}
        try:
            stored = await self._jetstream.publish(
                subject, stream=STREAM, headers=headers, msg_ttl=LASTS_S, timeout=_ANSWER_S
            )
        except APIError as error:
            if error.err_code in _TAKEN:
                return None
            raise
        return stored.seq
