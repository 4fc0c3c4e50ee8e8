"""What a service's tables are: the metadata, and how each stream is folded into them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from sqlalchemy import MetaData, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded


class Deferred(Protocol):
    """What a fold leaves to the end of its transaction: sums over rows that batch after batch would
    else read and write again."""

    def join(self, later: Self) -> None:
        """Take up what the next batch leaves."""

    async def write(self, connection: AsyncConnection) -> None: ...


class Gist:
    """What a fold needs of an event. It is taken as soon as the event is decoded: thousands wait in
    memory for their transaction, and what is small there is quick to come back to."""

    __slots__ = ()


GistOf = Callable[[Recorded], Recorded | Gist]
Fold = Callable[[AsyncConnection, Sequence[Any]], Awaitable[Deferred | None]]
"""Folds a batch of one stream's events, in order, into the tables, but for what it gives back.
They come as Recorded, or as the Gist that the tables' `gists` make of it.

No side effects, no clock, no randomness: the same events give the same rows, whatever the batches.
Tables written by two streams' folds must come out the same in any interleaving of the two.
"""


@dataclass(frozen=True, slots=True)
class ServiceTables:
    """All of a service's tables, the checkpoints among them. `folds` is by stream name.

    `version` is raised when a fold's meaning changes: the tables are then rebuilt. `subjects`
    narrows a stream to the patterns that its fold has a use for; without an entry it gets all.
    `gists` is by stream name, where a fold takes the gist of events.
    `folded_first` is a subject by stream: its newest event is folded into empty tables before all
    others, for it says what may be purged while they are read. In its own place it comes again.
    """

    service: str
    version: int
    metadata: MetaData
    checkpoints: Table
    folds: Mapping[str, Fold]
    migrations: Path
    gists: Mapping[str, GistOf] = field(default_factory=dict)
    subjects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    folded_first: Mapping[str, str] = field(default_factory=dict)

    async def fold(
        self, connection: AsyncConnection, stream: str, batch: Sequence[Recorded]
    ) -> Deferred | None:
        """Fold a batch, but for what is given back."""
        gist_of = self.gists.get(stream)
        taken = list(map(gist_of, batch)) if gist_of else batch
        return await self.folds[stream](connection, taken)

    async def fold_whole(
        self, connection: AsyncConnection, stream: str, batch: Sequence[Recorded]
    ) -> None:
        """Fold a batch, and leave nothing."""
        deferred = await self.fold(connection, stream, batch)
        if deferred is not None:
            await deferred.write(connection)
