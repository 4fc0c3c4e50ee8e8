"""A run's memory: its own events in the stream, read back and then followed."""

import asyncio

import structlog
from nats.aio.client import Client

from arguslm_benchmark_runner.plan import SampleKey, key_of
from arguslm_bus.reader import RawMessage, StreamReader
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.benchmarks import (
    BenchmarkCancelRequested,
    BenchmarkCompleted,
    BenchmarkRequested,
    BenchmarkSampled,
    BenchmarkStarted,
)
from arguslm_contracts.streams import BENCHMARKS

log = structlog.get_logger(__name__)


class CancelRequested(Exception):
    """A person stopped the run; the text says who."""


class Journal:
    """What has happened to a run so far. `read` is set once everything before now is in it."""

    def __init__(self) -> None:
        self.started = False
        self.completed = False
        self.samples: set[SampleKey] = set()
        self.read = asyncio.Event()
        self._cancelled_by: str | None = None

    def note(self, event: Event) -> None:
        match event:
            case BenchmarkStarted():
                self.started = True
            case BenchmarkSampled():
                self.samples.add(key_of(event))
            case BenchmarkCancelRequested():
                self._cancelled_by = event.requested_by
            case BenchmarkCompleted():
                self.completed = True

    async def follow(self, client: Client, requested: Recorded) -> None:
        """Read the run's events from its request on, until cancelled.

        Raises:
            CancelRequested: someone asked for the end of a run that has not ended.
        """
        assert isinstance(requested.event, BenchmarkRequested)
        reader = StreamReader(
            client,
            BENCHMARKS.name,
            requested.sequence - 1,
            subjects=(f"benchmark.*.{requested.event.run_id}",),
        )
        async for batch in reader.batches():
            for message in batch:
                self._note_message(message)
            if batch[-1].pending == 0:
                self._all_read()

    def _all_read(self) -> None:
        if self._cancelled_by is not None and not self.completed:
            raise CancelRequested(f"cancelled by {self._cancelled_by}")
        self.read.set()

    def _note_message(self, message: RawMessage) -> None:
        try:
            recorded = decode(
                message.headers,
                message.body,
                stream=BENCHMARKS.name,
                sequence=message.sequence,
                subject=message.subject,
            )
        except UnreadableEvent as error:
            log.warning("event_unreadable", sequence=message.sequence, reason=str(error))
        else:
            self.note(recorded.event)
