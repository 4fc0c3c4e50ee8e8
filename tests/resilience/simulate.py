"""Thousands of houses in one minute: the real deciders, projector and publisher over a broker in
memory that reorders, repeats, delays and forgets, in a time that nobody waits for.

`just simulate --seeds N`. Each seed is one house: one or two schedulers with tables of their own,
one or two alertings on the same tables, a query-api and a prober, killed at any moment; in every
fourth house people change what is watched meanwhile, in some of the others hours are summed up and
their checks purged. At the end every decision must stand once, and the tables must be what any
other order makes of what is left of the streams.
"""

import argparse
import asyncio
import gc
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from unittest.mock import patch
from uuid import UUID

import structlog
import verdict
from fake_broker import Chances, FakeBroker, FakeClient
from memory_tables import MemoryTables
from people import INTERVAL_S, People, rule_of
from simulated_prober import SimulatedProber, read, surely
from verdict import History
from virtual_time import BEGIN_S, VirtualDatetime, run_virtually

from arguslm_alerting import deciding
from arguslm_alerting import projections as alerting
from arguslm_bus import publisher as publisher_module
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, NotStored, Publisher
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import (
    ClockTicked,
)
from arguslm_contracts.events.registry import (
    Model,
    ModelRegistered,
    MonitoringConfig,
    MonitoringConfigured,
    Provider,
    ProviderRegistered,
    RuleCreated,
)
from arguslm_contracts.identity import derive, model_uuid
from arguslm_contracts.streams import ALERTS, CHECK_REQUESTS, CHECKS, CLOCK, REGISTRY, STREAMS
from arguslm_query_api import books as books_module
from arguslm_query_api.books import Books
from arguslm_query_api.projections import tables as query_api
from arguslm_scheduler import broom as broom_module
from arguslm_scheduler import projections as scheduler
from arguslm_scheduler.app import decider_of
from arguslm_scheduler.broom import Broom
from arguslm_scheduler.clock import Clock

LOCATIONS = ("local", "far")
# The schedulers' clocks run faster than the loop's: fewer ticks tell of the same time.
_TIME_RUNS = 12
# The broker forgets sooner which ids it has seen: after 10 s in streams that remember for an hour.
# In the others everything that we say has an expectation.
_FORGETS_SOONER_BY = 360
_ATTEMPT_TIMEOUT_S = 0.5
_STORM_S = 4.0
_LIFE_S = 1.5
_LONG_ABSENCES, _FORGOTTEN_S = 0.1, 10.0
_END_S = 600.0
_MEDDLED_WITH = 0.25
# An hour of the books lasts so long. Nobody is away or reads behind for as long as checks are kept
# after they were given up.
_KEEPS_BOOKS = 0.07
_HOUR_S, _CHECKS_KEPT_S, _RESPITE_S = 2, 3, 6
_BOOKS_STORM_S = 25.0
_YEARS = timedelta(days=3_650)


class _Time:
    """The time that the schedulers' clocks tell, in seconds since 1970. It may stand still, and
    does so at first."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._passed_s = 0.0

    def now_s(self) -> float:
        since = self._since
        passing_s = 0.0 if since is None else (self._loop_s() - since) * _TIME_RUNS
        return BEGIN_S + self._passed_s + passing_s

    def stand_still(self) -> None:
        self._passed_s, self._since = self.now_s() - BEGIN_S, None

    def go_on(self) -> None:
        self._since = self._loop_s()

    def _loop_s(self) -> float:
        return asyncio.get_running_loop().time()


class House:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.broker = FakeBroker(self.chance, Chances(), forgets_sooner_by=_FORGETS_SOONER_BY)
        self.rule_id = derive("rule", seed)
        self.provider_id = derive("provider", seed)
        self.models = [f"model-{n}" for n in range(self.chance.randint(1, 3))]
        self.is_meddled_with = self.chance.random() < _MEDDLED_WITH
        self.keeps_books = not self.is_meddled_with and self.chance.random() < _KEEPS_BOOKS
        if self.keeps_books:
            self.broker.chances = Chances(longest_delay_s=0.1, very_long_delay_s=1.0)
        # What is due where nobody meddles is told from one location.
        self.locations = LOCATIONS[: self.chance.randint(1, 2) if self.is_meddled_with else 1]
        self._time = _Time()
        self._fair_since: datetime | None = None
        self._found: frozenset[UUID] = frozenset()
        self._decoded: dict[str, list[Recorded]] = {}
        self._projectors: dict[str, Projector] = {}
        self.tables = {
            "scheduler-1": MemoryTables(scheduler.SERVICE_TABLES, 1),
            "alerting-1": MemoryTables(alerting.SERVICE_TABLES, 1),
            "query-api-1": MemoryTables(query_api.SERVICE_TABLES, 1),
        }
        # One after the other of two alertings writes; each scheduler is alone.
        if self.chance.random() < 0.5:
            self.tables["scheduler-2"] = MemoryTables(scheduler.SERVICE_TABLES, 2)
        if self.chance.random() < 0.5:
            self.tables["alerting-2"] = self.tables["alerting-1"]

    async def live(self) -> list[str]:
        """The storm, the calm, the verdict: what is broken, in words."""
        await self._register()
        await self._acquaint()
        replicas = {name: partial(self._run, name) for name in self.tables}
        running = [asyncio.create_task(self._lives(name, run)) for name, run in replicas.items()]
        running.append(asyncio.create_task(self._lives("prober", self._probe)))
        if self.keeps_books:
            running += [asyncio.create_task(self._lives("books", self._sum_up)) for _ in range(2)]
            running.append(asyncio.create_task(self._lives("broom", self._sweep)))
        self._time.go_on()
        await self._storm()
        self._calm()
        try:
            async with asyncio.timeout(_END_S):
                await _until(self._is_done)
                if self.is_meddled_with:
                    await self._people().make_peace()
                    await _until(self._is_done)
                self._time.go_on()
                await _until(lambda: not self.history().open_alerts())
                self._time.stand_still()
                await _until(self._is_done)
        except TimeoutError:
            return [f"no end: {self._standing()}"]
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        # Whoever changes rules and models changes what is due.
        rule_id = None if self.is_meddled_with else self.rule_id
        return [*verdict.broken(self.history(), rule_id), *await self._differing()]

    async def _storm(self) -> None:
        if not self.is_meddled_with:
            await asyncio.sleep(_BOOKS_STORM_S if self.keeps_books else _STORM_S)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._people().meddle(), 2 * _STORM_S)

    def _people(self) -> People:
        publisher = Publisher(self.broker.client(), "query-api")  # type: ignore[arg-type]
        return People(self.seed, self.chance, publisher, lambda: self._events(REGISTRY.name))

    def _calm(self) -> None:
        """Nothing goes wrong any more. Whoever is away comes back into a house in which no time has
        passed."""
        self._time.stand_still()
        self._fair_since = datetime.fromtimestamp(self._time.now_s(), UTC)
        self.broker.chances = Chances(0, 0, 0, 0.05, 0, 0)

    async def _register(self) -> None:
        """What people have decided, before anything runs."""
        at = datetime.fromtimestamp(BEGIN_S - 1, UTC)
        everywhere = derive("rule", self.rule_id, "everywhere")
        rules = [
            rule_of("any_model_down", self.rule_id, at),
            rule_of("model_unavailable_everywhere", everywhere, at),
        ]
        provider = Provider(
            provider_id=self.provider_id,
            provider_type="openai",
            display_name="P",
            monitor_discovered=True,
            created_at=at,
        )
        # The others are found by discovery, while the house is already shaking.
        registered = self.chance.randint(0, len(self.models))
        known, found = self.models[:registered], self.models[registered:]
        self._found = frozenset(model_uuid(self.provider_id, name) for name in found)
        config = MonitoringConfig(interval_s=INTERVAL_S)
        publisher = Publisher(self.broker.client(), "query-api")  # type: ignore[arg-type]
        for event in (
            MonitoringConfigured(revision=1, at=at, config=config),
            *(RuleCreated(revision=1, at=at, rule=rule) for rule in rules),
            ProviderRegistered(revision=1, at=at, provider=provider),
            *(ModelRegistered(revision=1, at=at, model=self._model(name, at)) for name in known),
        ):
            await surely(publisher, event, expected_sequence=0)

    def _model(self, name: str, at: datetime) -> Model:
        return Model(
            model_id=model_uuid(self.provider_id, name),
            provider_id=self.provider_id,
            name=name,
            monitored=True,
            created_at=at,
        )

    async def _acquaint(self) -> None:
        """Alerting knows the models before they are checked: of what went down and up again before,
        it would have nothing to tell."""
        life = asyncio.create_task(self._run("alerting-1", self.broker.client()))
        heard = len(self.broker.streams[REGISTRY.name].messages)
        await _until(
            lambda: (
                "alerting-1" in self._projectors
                and self._projectors["alerting-1"].position(REGISTRY.name) >= heard
            )
        )
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)

    async def _lives(self, name: str, run: Callable[[FakeClient], Awaitable[None]]) -> None:
        """One life after the other; now and then the tables are lost between two of them."""
        while True:
            client = self.broker.client()
            life = asyncio.ensure_future(run(client))
            try:
                await asyncio.sleep(self.chance.expovariate(1 / _LIFE_S))
                if self._fair_since is None and self.chance.random() < 0.5:
                    # When something has just been said that it has not noted yet.
                    client.said.clear()
                    await _soon(client.said.wait())
                if self._fair_since is not None:
                    await life
            finally:
                life.cancel()
                await asyncio.gather(life, return_exceptions=True)
                client.close()
            # Mostly short; now and then so long that the broker has forgotten the life before.
            is_long = self.chance.random() < _LONG_ABSENCES and not self.keeps_books
            await asyncio.sleep(self.chance.random() + (_FORGOTTEN_S if is_long else 0.0))
            if name.endswith("-1") and name != "alerting-1" and self.chance.random() < 0.15:
                self.tables[name].empty()

    async def _run(self, name: str, client: FakeClient) -> None:
        service, tables = name.rsplit("-", 1)[0], self.tables[name]
        projector: Projector
        beside: list[Awaitable[None]] = []
        if service == "scheduler":
            projector = decider_of(client, tables, self.locations)  # type: ignore[arg-type]
            beside.append(self._tick(client))
        elif service == "alerting":
            projector = deciding.decider_of(client, tables)  # type: ignore[arg-type]
        else:
            projector = Projector(client, tables, query_api.SERVICE_TABLES)  # type: ignore[arg-type]
        self._projectors[name] = projector
        async with asyncio.TaskGroup() as group:
            for work in (projector.run(), *beside):
                group.create_task(work)  # type: ignore[arg-type]

    async def _tick(self, client: FakeClient) -> None:
        """A clock that is wrong now and then, by a minute of its own time."""
        is_wrong = self._fair_since is None and self.chance.random() < 0.2
        wrong_s = self.chance.choice((-60.0, 60.0)) if is_wrong else 0.0

        def now_s() -> float:
            return self._time.now_s() + (wrong_s if self._fair_since is None else 0.0)

        clock = Clock(client, Publisher(client, "scheduler"), now_s=now_s)  # type: ignore[arg-type]
        await clock.run()

    async def _probe(self, client: FakeClient) -> None:
        answered = {str(e.cause.event_id) for e in self._events(CHECKS.name) if e.cause}
        prober = SimulatedProber(
            self.chance,
            self.models,
            lambda: self._fair_since,
            is_meddled_with=self.is_meddled_with,
            answers_again=not self.is_meddled_with and not self.keeps_books,
        )
        await prober.run(client, answered)

    async def _sum_up(self, client: FakeClient) -> None:
        """What `Books.run` does, hour after hour."""
        publisher = Publisher(client, "query-api")  # type: ignore[arg-type]
        books = Books(client, publisher, timedelta(seconds=_CHECKS_KEPT_S))  # type: ignore[arg-type]
        while True:
            with suppress(Conflict, NotStored):
                await books.close_hours()
            await asyncio.sleep(0.5)

    async def _sweep(self, client: FakeClient) -> None:
        """What `Broom.run` does; requests are gone by the time that their answers go."""
        broom = Broom(client, timedelta(seconds=_CHECKS_KEPT_S))  # type: ignore[arg-type]
        checks, requests = (self.broker.streams[s.name] for s in (CHECKS, CHECK_REQUESTS))
        while True:
            await broom.sweep(VirtualDatetime.now(UTC))
            requests.gone |= {
                answer.cause.sequence
                for answer in self._events(CHECKS.name)
                if answer.sequence in checks.gone and answer.cause is not None
            }
            await asyncio.sleep(0.5)

    def _events(self, stream: str) -> list[Recorded]:
        messages, known = self.broker.streams[stream].messages, self._decoded.setdefault(stream, [])
        known += [read(stream, message) for message in messages[len(known) :]]
        return known

    def history(self) -> History:
        ticks = [e.event for e in self._events(CLOCK.name) if isinstance(e.event, ClockTicked)]
        dead = [
            f"{m.subject}: {m.headers.get('Arguslm-Dead-Reason')}"
            for m in self.broker.streams["DEAD_LETTERS"].messages
        ]
        requests = self._events(CHECK_REQUESTS.name)
        # A prober that answers again much later than it did is told apart by those who read.
        answers = _without_twins(self._events(CHECKS.name))
        alerts = self._events(ALERTS.name)
        return History(requests, answers, ticks, alerts, dead, self._found)

    def _is_done(self) -> bool:
        """Whether all is answered, and everybody has read all."""
        heads = {name: len(stream.messages) for name, stream in self.broker.streams.items()}
        return not self.history().unanswered() and all(
            projector.position(stream) == heads[stream]
            for projector in self._projectors.values()
            for stream in projector.tables.folds
        )

    def _standing(self) -> str:
        behind = {name: p.lag | p.trouble for name, p in self._projectors.items()}
        return f"{len(self.history().unanswered())} unanswered, {behind}"

    async def _differing(self) -> list[str]:
        """The tables against those that another order, other batches, no twins and no crash would
        make."""
        history = {
            spec.name: _without_twins(
                one
                for one in self._events(spec.name)
                if one.sequence not in self.broker.streams[spec.name].gone
            )
            for spec in STREAMS
            if spec.name != "DEAD_LETTERS"
        }
        broken: list[str] = []
        for name, live in self.tables.items():
            if name == "alerting-2":
                continue
            fresh = MemoryTables(_SERVICES[name.rsplit("-", 1)[0]], 99)
            await fresh.fold_anyhow(self.chance, history)
            rebuilt = fresh.rows()
            broken += [
                f"{name}: {table} is not what the streams say"
                for table, rows in live.rows().items()
                if rows != rebuilt[table]
            ]
        return broken


_SERVICES: dict[str, ServiceTables] = {
    "scheduler": scheduler.SERVICE_TABLES,
    "alerting": alerting.SERVICE_TABLES,
    "query-api": query_api.SERVICE_TABLES,
}


async def _soon(moment: Awaitable[object]) -> None:
    """Wait for it, but not for long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(moment, 1)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - in virtual time this is a leap, not a wait
        await asyncio.sleep(0.5)


def _without_twins(events: Iterable[Recorded]) -> list[Recorded]:
    """The first of each id."""
    first: dict[str, Recorded] = {}
    for one in events:
        first.setdefault(one.event_id, one)
    return list(first.values())


def simulate(seed: int) -> list[str]:
    """One house; what is broken at its end, in words."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))

    async def house() -> list[str]:
        return await House(seed).live()

    remembered = publisher_module._SURELY_REMEMBERED / _FORGETS_SOONER_BY
    with (
        patch.multiple(
            publisher_module,
            datetime=VirtualDatetime,
            _ATTEMPT_TIMEOUT_S=_ATTEMPT_TIMEOUT_S,
            _SURELY_REMEMBERED=remembered,
        ),
        # The schedulers' clocks are ahead of the broker's by as much as they run faster.
        patch.multiple(
            books_module,
            _HOUR=timedelta(seconds=_HOUR_S),
            _SURELY_REMEMBERED=-_YEARS,
            _CLOCKS_DIFFER=_YEARS,
        ),
        patch.object(broom_module, "_RESPITE", timedelta(seconds=_RESPITE_S)),
    ):
        return run_virtually(house())


def main() -> int:
    parser = argparse.ArgumentParser(prog="just simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many houses; default 2000")
    parser.add_argument("--first", type=int, default=1, help="the first seed; default 1")
    given = parser.parse_args()
    began = time.monotonic()
    broken = 0
    seeds = range(given.first, given.first + given.seeds)
    # A pass of the collector over all that was imported takes a tenth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)
    with get_context("fork").Pool(os.cpu_count()) as pool:
        for seed, faults in zip(seeds, pool.imap(simulate, seeds, chunksize=8), strict=True):
            if faults:
                broken += 1
                sys.stdout.write(f"seed {seed}: {'; '.join(faults[:5])}\n")
    took_s = time.monotonic() - began
    sys.stdout.write(f"{given.seeds} houses in {took_s:.0f} s, {broken} broken\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
