"""The event core against the barest loop that does the same work, measured in the same run."""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import flames
import machine
from pydantic import SecretStr

from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests, running_bus
from arguslm_testkit.postgres import PostgresForTests
from bench_events import flame, publishing, seeing
from bench_events.bare_seeing import look_barely
from bench_events.filling import fill
from bench_events.folding import WAYS, Given, Took, measure
from bench_events.steadily import PER_S

_ENGINES = ("sqlite", "postgresql")
_PUBLISHED = 5_000
_LIBRARIES = ("nats-py", "pydantic", "sqlalchemy", "asyncpg", "aiosqlite", "uvloop")
_QUANTILES = (0.5, 0.99)
_PARTS = ("publish", "see", "fold", "flame")


def main() -> None:
    parser = argparse.ArgumentParser(prog="just bench-events", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="to fold (default 1,000,000)")
    parser.add_argument("--seconds", type=int, default=30, help="to watch 100 checks/s (30)")
    parser.add_argument("--engine", choices=_ENGINES, action="append", help="default: both")
    parser.add_argument(
        "--flames", type=Path, default=Path("docs/flames"), help="where flame graphs are kept"
    )
    parser.add_argument("--part", choices=_PARTS, action="append", help="default: all")
    arguments = parser.parse_args()
    for line in machine.describe(_LIBRARIES):
        print(line)
    asyncio.run(_bench(arguments))


async def _bench(arguments: argparse.Namespace) -> None:
    parts = arguments.part or _PARTS
    with tempfile.TemporaryDirectory(prefix="arguslm-bench-") as name:
        directory = Path(name)
        if "publish" in parts:
            async with running_bus(directory / "publishing") as bus:
                await _publishing(bus)
        for engine in arguments.engine or _ENGINES:
            if "see" in parts:
                async with (
                    running_bus(directory / f"seeing-{engine}") as bus,
                    _database(engine, directory / f"see-{engine}") as storage,
                ):
                    await _seeing(bus, engine, storage, arguments.seconds)
        if {"fold", "flame"} & set(parts):
            async with running_bus(directory / "folding") as bus:
                await fill(await bus.client(), arguments.events)
                for engine in arguments.engine or _ENGINES:
                    async with _database(engine, directory / f"fold-{engine}") as storage:
                        given = Given(bus.settings("query-api"), storage, arguments.events)
                        if "fold" in parts:
                            await _folding(engine, given)
                        if "flame" in parts:
                            await _flaming(engine, given, arguments.flames)


@asynccontextmanager
async def _database(engine: str, directory: Path) -> AsyncIterator[StorageSettings]:
    if engine == "sqlite":
        yield StorageSettings(data_dir=directory, database_url=None)
        return
    directory.mkdir(parents=True)
    server = PostgresForTests(directory / "postgres")
    try:
        url = SecretStr(await server.new_database())
        yield StorageSettings(data_dir=directory, database_url=url)
    finally:
        server.stop()


async def _publishing(bus: BusForTests) -> None:
    rates = await publishing.rates(await bus.client(), _PUBLISHED)
    _report(
        f"publish, fsync always: {rates['ours']:,.0f} events/s; nats-py's publish_async "
        f"{rates['bare']:,.0f}: ratio {rates['ours'] / rates['bare']:.2f} (goal 0.7)"
    )


async def _seeing(bus: BusForTests, engine: str, storage: StorageSettings, seconds: int) -> None:
    sight = await seeing.look(bus, storage, seconds)
    bare_ms = await look_barely(bus, storage, seconds)
    bare = [_quantile(bare_ms, q) for q in _QUANTILES]
    _report(
        f"{engine}: stored to a committed row, nats-py and the driver alone, at {PER_S} checks/s: "
        f"p50 {bare[0]:.1f} ms, p99 {bare[1]:.1f} ms (n {len(bare_ms)})"
    )
    for way in sight.seen:
        delays_ms = sight.delays_ms(way)
        p50, p99 = (_quantile(delays_ms, q) for q in _QUANTILES)
        _report(
            f"{engine}: stored to seen over {way} at {PER_S} checks/s: "
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms (n {len(delays_ms)}; goal 20 ms), "
            f"{p50 / bare[0]:.1f} x and {p99 / bare[1]:.1f} x bare"
        )


def _quantile(ascending: list[float], q: float) -> float:
    return ascending[int(q * (len(ascending) - 1))]


async def _folding(engine: str, given: Given) -> None:
    took = {}
    for way in WAYS:
        took[way] = await asyncio.to_thread(measure, way, given)
        ratio = took[way].seconds / took["bare"].seconds
        _report(f"{engine} {way}: {_shown(took[way], given.events)}, {ratio:.2f} x bare")


async def _flaming(engine: str, given: Given, directory: Path) -> None:
    graph = directory / f"fold-{engine}.svg"
    await flame.draw(given, graph)
    _report(f"{engine} projector, {given.events:,} events: {flames.describe(graph)}")


def _shown(took: Took, events: int) -> str:
    early, most = took.rss_mb
    return (
        f"{events:,} in {took.seconds:.1f} s, {events / took.seconds:,.0f} events/s, "
        f"{took.cpu_seconds / events * 1e6:.0f} us CPU each, memory {early:.0f} -> {most:.0f} MB"
    )


def _report(line: str) -> None:
    print(f"- {line}", flush=True)


if __name__ == "__main__":
    main()
