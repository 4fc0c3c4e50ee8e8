"""One stream's events, in order, through a pull consumer whose answers arrive by callback.

nats-py's own `fetch` waits for a full batch or its timeout, so a lone event would come late.
"""

import asyncio
import json
import logging
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error
from nats.js.errors import NotFoundError

from arguslm.errors import ArgusLMError, ConnectionFailed
from arguslm.events.start import Start, consumer_config
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode

log = logging.getLogger("arguslm.events")

# How long a pull request stays with the broker, and how much later we stop believing in it.
PULL_S = 10.0
GRACE_S = 2.0
WINDOW = 200
# How many acknowledged events are still recognized when they come again.
REMEMBERED = 1000
EXPIRED = ("404", "408")
FIRST_RETRY_S = 0.1
LONGEST_RETRY_S = 2.0


class Disturbed(Exception):
    """The consumer or the connection is not what it was: open the window again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event, and the message to acknowledge."""

    recorded: Recorded
    message: Msg


class Feed:
    """Reads one stream into `out`. With `durable`, hands out one event and waits for `settled`."""

    def __init__(
        self,
        client: Client,
        stream: str,
        subjects: tuple[str, ...],
        *,
        start: Start,
        durable: str | None,
        ack_wait_s: float,
        out: asyncio.Queue[Delivery],
    ) -> None:
        self._client = client
        self._js = client.jetstream()
        self._stream = stream
        self._subjects = subjects
        self._start = start
        self._durable = durable
        self._ack_wait_s = ack_wait_s
        self._out = out
        self._consumer = ""
        self._created: datetime | None = None
        self._last = 0
        self._delivered = 0
        self._settled: deque[int] = deque(maxlen=REMEMBERED)
        self._inbox: asyncio.Queue[Msg | None] = asyncio.Queue()
        self._address = client.new_inbox()
        self._asked = 0
        self.settled = asyncio.Event()

    async def open(self) -> None:
        """Make the consumer; the feed knows from here on where it stands.

        Raises:
            ArgusLMError: there is no such stream, or the durable has other subjects.
            ConnectionFailed: the broker does not answer: often the user may not read the stream.
        """

        try:
            await self._client.subscribe(f"{self._address}.*", cb=self._arrived)
            await self._make_consumer()
        except NotFoundError:
            raise ArgusLMError(f"the bus has no stream {self._stream}") from None
        except (Error, TimeoutError) as error:
            raise ConnectionFailed(
                f"the bus did not let us read {self._stream} ({error or type(error).__name__}): "
                "may this user read it?"
            ) from None

    async def run(self) -> None:
        """Read until cancelled, whatever the broker does in between."""
        while True:
            try:
                await self._read_window()
            except Disturbed as reason:
                log.info("%s: %s, reading on after %d", self._stream, reason, self._last)
                await self._reopen()

    def disturb(self) -> None:
        """The connection was lost and is back: what was under way is lost."""
        self._inbox.put_nowait(None)

    async def close(self) -> None:
        """Leave nothing of an ephemeral consumer behind."""

        if not self._consumer or self._durable:
            return
        try:
            await self._js.delete_consumer(self._stream, self._consumer)
        except (Error, TimeoutError):
            log.debug("%s: the broker removes the consumer by itself in a minute", self._stream)

    @property
    def _reply(self) -> str:
        """Where the request under way is answered: an older one's status does not concern us."""
        return f"{self._address}.{self._asked}"

    async def _arrived(self, message: Msg) -> None:
        self._inbox.put_nowait(message)

    async def _make_consumer(self) -> None:
        created = (await self._js.stream_info(self._stream)).created
        if self._created is not None and created != self._created:
            log.warning("%s was made anew: reading it from its beginning", self._stream)
            self._last, self._start = 0, "all"
            self._settled.clear()
        self._created = created
        if self._durable and await self._found_durable(self._durable):
            return
        start = self._last + 1 if self._last else self._start
        config = consumer_config(
            self._subjects,
            start,
            name=self._durable or f"sdk-{self._client._nuid.next().decode()}",
            durable=self._durable is not None,
            ack_wait_s=self._ack_wait_s,
        )
        info = await self._js.add_consumer(self._stream, config)
        self._consumer, self._delivered = info.name, 0
        if not self._durable and info.delivered is not None:
            # "new" means new since now, also when the consumer has to be made again.
            self._last = max(self._last, info.delivered.stream_seq)

    async def _found_durable(self, name: str) -> bool:

        try:
            found = (await self._js.consumer_info(self._stream, name)).config
        except NotFoundError:
            return False
        subjects = set(found.filter_subjects or [found.filter_subject])
        if subjects != set(self._subjects):
            raise ArgusLMError(
                f"the durable {name!r} on {self._stream} reads {', '.join(map(str, subjects))}: "
                "use another name for other subjects"
            )
        self._consumer = name
        return True

    async def _reopen(self) -> None:

        delay_s = FIRST_RETRY_S
        while True:
            try:
                return await self._make_consumer()
            except (Error, TimeoutError) as error:
                log.info("%s: the bus is not ready (%s)", self._stream, type(error).__name__)
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, LONGEST_RETRY_S)

    async def _read_window(self) -> None:
        """Ask for a batch and hand it out; returns when it is used up or has expired."""
        wanted = 1 if self._durable else WINDOW
        await self._ask_for(wanted)
        while wanted:
            try:
                message = await asyncio.wait_for(self._inbox.get(), PULL_S + GRACE_S)
            except TimeoutError:
                raise Disturbed("the bus fell silent") from None
            if message is None:
                raise Disturbed("the connection was lost")
            if "Status" in (headers := message.headers or {}):
                if message.subject != self._reply:
                    continue
                if headers["Status"] in EXPIRED:
                    return
                raise Disturbed(f"the bus says {headers.get('Description', headers['Status'])}")
            if message.metadata.consumer == self._consumer:
                wanted -= 1
                await self._hand_out(message)

    async def _ask_for(self, batch: int) -> None:
        self._asked += 1
        request = {"batch": batch, "expires": int(PULL_S * 1_000_000_000)}
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}",
            json.dumps(request).encode(),
            reply=self._reply,
        )

    async def _hand_out(self, message: Msg) -> None:
        sequence = message.metadata.sequence
        if self._durable is None:
            if sequence.consumer != self._delivered + 1:
                raise Disturbed("events were lost on the way")
            self._delivered = sequence.consumer
        elif sequence.stream in self._settled:
            # Our acknowledgement was lost with a connection.
            await message.ack()
            return
        recorded = self._decoded(message)
        if recorded is None:
            await self._pass_over(message)
        else:
            self.settled.clear()
            await self._out.put(Delivery(recorded, message))
            if self._durable:
                await self.settled.wait()
                self._settled.append(sequence.stream)
        self._last = sequence.stream

    def _decoded(self, message: Msg) -> Recorded | None:
        sequence = message.metadata.sequence.stream
        headers: dict[str, Any] | None = message.headers
        try:
            return decode(
                headers,
                message.data,
                stream=self._stream,
                sequence=sequence,
                subject=message.subject,
            )
        except UnreadableEvent as reason:
            log.warning("%s:%d passed over: %s", self._stream, sequence, reason)
            return None

    async def _pass_over(self, message: Msg) -> None:
        """Never asked for again: an event we cannot read now, we cannot read the next time."""
        if self._durable:
            await message.ack()
