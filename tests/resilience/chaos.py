"""Pull any plug: the real programs under load, faults from a seed, and a verdict.

`just chaos --seed N --minutes M`. The seed decides what is done to whom, in which order, and which
database it runs on; the same seed plays the same faults again.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import verdict
from faults import Faults, acts, small_disk
from verdict import History

from arguslm import AsyncArgusLMClient
from arguslm.errors import NotYetVisible
from arguslm.schemas import AlertRuleCreate, ChannelCreate, ProviderCreate
from arguslm_bus.reader import stream_state
from arguslm_contracts.streams import CHECK_REQUESTS, CHECKS
from arguslm_launcher.maintenance import WITH_TABLES
from arguslm_telemetry.logs import configure_logs
from arguslm_testkit.endpoints import (
    SimulatorProcess,
    WebhookReceiver,
    running_simulator,
    webhook_receiver,
)
from arguslm_testkit.fleet import Fleet, faketime_library
from arguslm_testkit.house import ADMIN_KEY, run_arguslm, until
from arguslm_testkit.postgres import PostgresForTests

INTERVAL_S = 10
# Two schedulers and three probers at once in any case; what shares tables needs PostgreSQL for it.
ALONE = {"scheduler": 2, "prober": 3, "benchmark-runner": 1, "alerting": 1, "query-api": 1}
SHARED = ALONE | {"alerting": 2, "query-api": 2}
_FLIPPING = 20
_SETTLE_S = 300.0
_STILL_S = 10.0
_MOST_FAULTS_SHOWN = 20


@dataclass(frozen=True)
class Options:
    seed: int
    minutes: float
    checks_per_s: int
    database: str


@dataclass
class Report:
    """What was done, and what broke."""

    options: Options
    done: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    checks: int = 0
    alerts: int = 0
    checks_per_s: float = 0.0


@dataclass
class World:
    fleet: Fleet
    simulator: SimulatorProcess
    receiver: WebhookReceiver
    faults: Faults
    models: list[str]


async def run(options: Options, base: Path, say: Callable[[str], None]) -> Report:
    """Play the faults of the seed, let everything settle, and judge."""
    report = Report(options)
    async with _world(options, base, say) as world:
        rule_id = await _set_up(world)
        started, asked = time.monotonic(), await _asked(world)
        await _play(world, options, report, say)
        report.checks_per_s = (await _asked(world) - asked) / (time.monotonic() - started)
        say("mended everything; waiting until all is answered and told")
        try:
            await _settle(world)
        except AssertionError as error:
            report.broken.append(f"{error}: {await _standing(world)}")
        await _judge(world, rule_id, report)
    return report


@asynccontextmanager
async def _world(options: Options, base: Path, say: Callable[[str], None]) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        disks: dict[str, Path] = {}
        # Room for all that is written meanwhile, and no more.
        size_mb = 256 + int(options.minutes * 60 * options.checks_per_s * 0.01)
        for name in ("the bus", "the tables"):
            path = base / name.replace("the ", "")
            if stack.enter_context(small_disk(path, size_mb)):
                disks[name] = path
        if not disks:
            say("no full disks in this run: to mount a tmpfs takes root")
        if faketime_library() is None:
            say("no clock jumps in this run: there is no libfaketime for this machine")
        postgres = None
        if options.database == "postgresql":
            postgres = PostgresForTests(base / "postgres")
            stack.callback(postgres.stop)
            disks.pop("the tables", None)
        models = [f"model-{n:04d}" for n in range(options.checks_per_s * INTERVAL_S)]
        behaviour = {"ttft_ms": 20, "gap_ms": 1, "tokens": 4}
        simulator = await stack.enter_async_context(
            running_simulator(base, dict.fromkeys(models, behaviour))
        )
        receiver = await stack.enter_async_context(webhook_receiver())
        fleet = Fleet(base, postgres, base / "bus" / "nats", base / "tables", say)
        stack.push_async_callback(fleet.stop)
        await fleet.start(SHARED if postgres else ALONE)
        yield World(fleet, simulator, receiver, Faults(fleet, disks), models)


@asynccontextmanager
async def _api(world: World) -> AsyncIterator[AsyncArgusLMClient]:
    url = world.fleet.api_urls()[0]
    async with AsyncArgusLMClient(base_url=url, api_key=ADMIN_KEY) as client:
        yield client


async def _set_up(world: World) -> UUID:
    """The rule that is to judge, the channel that is to hear of it, and every model checked."""
    async with _api(world) as api:
        # A busy machine says 202: it is stored, and seen a little later.
        with suppress(NotYetVisible):
            await api.update_monitoring_config(interval_s=INTERVAL_S)
        with suppress(NotYetVisible):
            await api.create_channel(
                ChannelCreate(name="receiver", kind="webhook", url=world.receiver.url)
            )
        await until(lambda: _any(api.list_channels), "the channel", timeout_s=_SETTLE_S)
        with suppress(NotYetVisible):
            await api.create_alert_rule(
                AlertRuleCreate(
                    name="any model is down",
                    rule_type="any_model_down",
                    failures_to_raise=verdict.FAILURES_TO_RAISE,
                    successes_to_resolve=verdict.SUCCESSES_TO_RESOLVE,
                    channel_ids=[(await api.list_channels()).items[0].id],
                )
            )
        await until(lambda: _any(api.list_alert_rules), "the rule", timeout_s=_SETTLE_S)
        rule_id = (await api.list_alert_rules())[0].id
        with suppress(NotYetVisible):
            await api.create_provider(
                ProviderCreate(
                    provider_type="custom_openai_compatible",
                    display_name="Simulator",
                    credentials={"base_url": f"{world.simulator.url}/v1", "api_key": "none"},
                    monitor_discovered=True,
                )
            )
    client = await world.fleet.bus.client()

    async def all_asked() -> bool:
        return (await stream_state(client, CHECKS.name)).last_sequence > len(world.models)

    await until(all_asked, "a first check of every model", timeout_s=_SETTLE_S)
    return rule_id


async def _any(listing: Callable[[], Awaitable[Any]]) -> bool:
    listed = await listing()
    return bool(listed if isinstance(listed, list) else listed.items)


async def _play(world: World, options: Options, report: Report, say: Callable[[str], None]) -> None:
    flipping = asyncio.create_task(_flip(world, options.seed))
    easing = asyncio.create_task(_ease(world, say))
    running: list[asyncio.Task[None]] = []
    ends = time.monotonic() + options.minutes * 60
    for act in acts(options.seed, sorted(world.faults.cards)):
        if time.monotonic() >= ends:
            break
        say(str(act))
        report.done.append(str(act))
        running.append(asyncio.create_task(world.faults.do(act)))
        await asyncio.sleep(act.lasts_s + act.pause_s)
    flipping.cancel()
    easing.cancel()
    await asyncio.gather(*running)


async def _flip(world: World, seed: int) -> None:
    """Models fail and recover, so that there is something to judge and to tell."""
    chance = random.Random(seed + 1)
    unwell: dict[str, bool] = dict.fromkeys(chance.sample(world.models, _FLIPPING), False)
    while True:
        for model in chance.sample(list(unwell), 5):
            unwell[model] = not unwell[model]
            await world.simulator.set(model, fault="http_500" if unwell[model] else "none")
        await asyncio.sleep(chance.uniform(5, 12))


async def _ease(world: World, say: Callable[[str], None]) -> None:
    """A machine that cannot keep up gets less to do: the load is ours, what is lost is theirs."""
    client = await world.fleet.bus.client()
    interval_s = INTERVAL_S
    while True:
        await asyncio.sleep(5)
        with suppress(Exception):
            info = await client.jetstream().consumer_info("CHECK_REQUESTS", "prober-local")
            if (info.num_pending or 0) > len(world.models) and interval_s < 16 * INTERVAL_S:
                interval_s *= 2
                async with _api(world) as api:
                    await api.update_monitoring_config(interval_s=interval_s)
                say(f"the machine is slow: each model every {interval_s} s from here on")


async def _asked(world: World) -> int:
    """Checks that have been asked for, with the slots that were skipped."""
    return (await stream_state(await world.fleet.bus.client(), CHECK_REQUESTS.name)).last_sequence


async def _settle(world: World) -> None:
    """All healthy, all models well, everything answered, judged and told."""
    await world.fleet.all_healthy(_SETTLE_S)
    await world.simulator.heal()
    client = await world.fleet.bus.client()

    async def all_resolved() -> bool:
        return not (await History.of_alerts(client)).open_alerts()

    async with _api(world) as api:
        with suppress(NotYetVisible):
            await api.update_monitoring_config(interval_s=INTERVAL_S)
        await until(all_resolved, "every alert to be resolved", timeout_s=_SETTLE_S)
        with suppress(NotYetVisible):
            await api.update_monitoring_config(enabled=False)

    async def all_done() -> bool:
        before = await History.of(client)
        # A scheduler that is behind may still have slots to ask for.
        await asyncio.sleep(_STILL_S)
        history = await History.of(client)
        if len(history.requests) != len(before.requests):
            return False
        return not (history.unanswered() or history.untold() or history.open_alerts())

    await until(all_done, "an answer to every request", timeout_s=_SETTLE_S)
    await world.fleet.all_healthy(_SETTLE_S)


async def _standing(world: World) -> str:
    history = await History.of(await world.fleet.bus.client())
    return (
        f"{len(history.unanswered())} of {len(history.requests)} requests unanswered, "
        f"{len(history.open_alerts())} alerts open, {len(history.untold())} to be told"
    )


async def _judge(world: World, rule_id: UUID, report: Report) -> None:
    history = await History.of(await world.fleet.bus.client())
    report.checks = len(history.requests)
    report.alerts = sum(one.event.name == "alert.raised" for one in history.alerts)
    report.broken += verdict.broken(history, rule_id)
    env = world.fleet.settings_of(world.fleet.members[0])
    code, out, err = await run_arguslm("audit", "--json", env=env)
    if code != 0:
        report.broken.append(f"arguslm audit: {out or err}")
    for service in WITH_TABLES:
        members = world.fleet.of(service)
        for member in members[:1] if world.fleet.postgres else members:
            env = world.fleet.settings_of(member)
            code, out, err = await run_arguslm("verify", service, "--json", env=env)
            if code != 0:
                report.broken.append(f"arguslm verify {member.name}: {out or err}")


def show(report: Report) -> str:
    """The run in words: what to type to play it again, what was done, what broke."""
    options = report.options
    lines = [
        f"seed {options.seed}: {len(report.done)} faults on {options.database}, "
        f"{report.checks} requests at {report.checks_per_s:.0f}/s, {report.alerts} alerts",
        *(f"  BROKEN {text}" for text in report.broken[:_MOST_FAULTS_SHOWN]),
    ]
    if report.broken:
        again = f"--seed {options.seed} --minutes {options.minutes:g} --rate {options.checks_per_s}"
        lines.append(f"{len(report.broken)} broken; play it again: just chaos {again}")
    else:
        lines.append("nothing lost, nothing doubled, everybody told, tables equal their rebuild")
    return "\n".join(lines)


def _options() -> tuple[Options, Path | None]:
    parser = argparse.ArgumentParser(prog="just chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--minutes", type=float, default=2.0, help="of faults; default 2")
    parser.add_argument("--rate", type=int, default=200, help="checks per second; default 200")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="default: by the seed")
    parser.add_argument("--keep", type=Path, help="an empty directory for logs and stores to stay")
    given = parser.parse_args()
    if given.minutes <= 0 or given.rate <= 0:
        parser.error("--minutes and --rate have to be more than 0")
    seed = random.SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    database = given.database or ("sqlite", "postgresql")[seed % 2]
    return Options(seed, given.minutes, given.rate, database), given.keep


def main() -> int:
    options, keep = _options()
    configure_logs("chaos", "error")
    sys.stdout.write(f"seed {options.seed} on {options.database}\n")

    def say(line: str) -> None:
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        sys.stdout.flush()

    with TemporaryDirectory(prefix="arguslm-chaos-", ignore_cleanup_errors=True) as temporary:
        report = asyncio.run(run(options, (keep or Path(temporary)).absolute(), say))
    sys.stdout.write(show(report) + "\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
