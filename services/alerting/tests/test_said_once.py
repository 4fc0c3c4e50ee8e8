"""Each alert is said once, whatever breaks: commits, deciders, tables, streams."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from alerting_bench import BreakingDatabase, Stage, stop
from alerting_stories import (
    DOWN,
    OK,
    at,
    check,
    checks,
    long_story,
    model,
    model_id,
    rule,
    ruled,
    watched,
)
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.deciding import Judge
from arguslm_alerting.projections import SERVICE_TABLES, fold_checks, fold_registry
from arguslm_alerting.tables import alerts, checkpoints, decided
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import StreamReader, stream_state
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import registry
from arguslm_contracts.events.alerts import AlertResolved
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.streams import ALERTS, CHECKS, REGISTRY
from arguslm_storage.database import Database, open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


@pytest.fixture
def stage(bus: BusForTests) -> Stage:
    return Stage(bus)


def expected_of(story: Sequence[CheckCompleted], failures: int, successes: int) -> list[str]:
    """The alerts of a story by the rule's plain words, in order: "raised|resolved <cause>"."""
    said: list[str] = []
    runs: dict[str, list[bool]] = {}
    is_open: dict[str, bool] = {}
    for one in story:
        run = runs.setdefault(one.model, [])
        run.append(one.measurement.outcome is OK)
        if not is_open.get(one.model) and run[-failures:] == [False] * failures:
            is_open[one.model] = True
            said.append(f"raised {one.event_id}")
        elif is_open.get(one.model) and run[-successes:] == [True] * successes:
            is_open[one.model] = False
            said.append(f"resolved {one.event_id}")
    return said


async def test_a_database_that_breaks_before_commits_changes_nothing_of_what_is_said(
    stage: Stage, database: Database
) -> None:
    story = long_story(["gpt", "llama"], seed=1, length=60)
    await stage.say(*watched("gpt", "llama"), *ruled(rule()))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
    breaking = BreakingDatabase(database, breaks=[1, 2, 4])
    decider = await stage.decider(breaking)
    running = asyncio.create_task(decider.run())
    for start in range(0, len(story), 40):
        await stage.say(*story[start : start + 40])
    await stage.judged(decider)
    await stop(running)
    assert breaking.commits > 4
    assert await stage.by_cause() == expected_of(story, 2, 2)


async def test_a_decider_stopped_anywhere_changes_nothing_of_what_is_said(
    stage: Stage, database: Database
) -> None:
    chance = random.Random(2)
    story = long_story(["gpt", "llama", "qwen"], seed=3, length=60)
    await stage.say(*watched("gpt", "llama", "qwen"), *ruled(rule(successes_to_resolve=1)))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
    saying = asyncio.create_task(stage.say(*story))
    stops = 0
    while not saying.done() or stops < 10:
        running = asyncio.create_task((await stage.decider(database)).run())
        await asyncio.wait({running}, timeout=chance.uniform(0.01, 0.15))
        await stop(running)
        stops += 1
    await saying
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
    assert await stage.by_cause() == expected_of(story, 2, 1)


async def test_what_was_said_and_never_committed_is_known_before_anything_is_judged(
    stage: Stage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word is a resolution that nothing in the tables leads to again, and the next check
    is a success, which matters only where an alert is open: ALERTS is read late, and tells it."""
    await stage.say(*watched("gpt", "llama"))
    await stage.say(*ruled(rule(failures_to_raise=1, successes_to_resolve=1)))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
    await stage.say(check("gpt", 1, DOWN), check("llama", 2, DOWN), check("llama", 3, OK))
    decider = await stage.decider(BreakingDatabase(database, breaks=range(1, 1_000)))
    running = asyncio.create_task(decider.run())
    await stage.told("alert.*.>", 3)
    await stop(running)
    await stage.say(check("gpt", 4, OK))
    resume = Projector._resume

    async def late(self: Projector, stream: str, *rest: Any) -> StreamReader:
        await asyncio.sleep(1 if stream == ALERTS.name else 0)
        return await resume(self, stream, *rest)

    monkeypatch.setattr(Projector, "_resume", late)
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
    assert await stage.said() == [
        "raised gpt",
        "raised llama",
        "resolved llama recovered",
        "resolved gpt recovered",
    ]


async def test_two_deciders_on_one_database_say_everything_once(
    stage: Stage, database: Database, storage: StorageSettings
) -> None:
    story = long_story(["gpt", "llama"], seed=4, length=50)
    await stage.say(*watched("gpt", "llama"), *ruled(rule()))
    second = open_database("alerting", storage)
    try:
        async with stage.deciding(database) as one, stage.deciding(second) as other:
            await stage.judged(one)
            await stage.say(*story)
            await stage.judged(one)
            await stage.judged(other)
    finally:
        await second.close()
    assert await stage.by_cause() == expected_of(story, 2, 2)


def busy_day(seed: int, names: Sequence[str]) -> list[Event]:
    """Checks, while rules and models are switched off and on; it ends with everything on."""
    chance = random.Random(seed)
    revisions = dict.fromkeys(["rule", *names], 1)
    told: list[Event] = []

    def switch(what: str, on: bool, second: int) -> None:
        revisions[what] += 1
        if what == "rule":
            changed = rule(failures_to_raise=1, successes_to_resolve=1, enabled=on)
            told.append(registry.RuleUpdated(revision=revisions[what], at=at(second), rule=changed))
        else:
            told.append(
                registry.ModelUpdated(
                    revision=revisions[what], at=at(second), model=model(what, monitored=on)
                )
            )

    for second in range(1, 41):
        if chance.random() < 0.4:
            switch(chance.choice(list(revisions)), chance.random() < 0.5, second)
        told += [check(name, second, chance.choice([DOWN, OK])) for name in names]
    for what in revisions:
        switch(what, True, 50)
    told += [check(name, 60, DOWN if name == names[0] else OK) for name in names]
    return told


@pytest.mark.parametrize("seed", [11, 224])
async def test_whatever_two_breaking_deciders_read_first_no_target_has_two_open_alerts(
    stage: Stage, database: Database, storage: StorageSettings, seed: int
) -> None:
    """Rules, models and checks come over two streams, whose order between them is free: what is
    said may differ, but it must always fit together and end in the truth."""
    names = ["gpt", "llama"]
    await stage.say(*watched(*names), *ruled(rule(failures_to_raise=1, successes_to_resolve=1)))
    second = open_database("alerting", storage)
    breaking = [BreakingDatabase(one, breaks=[2, 5, 9, 14]) for one in (database, second)]
    try:
        async with stage.deciding(breaking[0]) as one, stage.deciding(breaking[1]) as other:
            for event in busy_day(seed, names):
                await stage.say(event)
            await stage.judged(one)
            await stage.judged(other)
    finally:
        await second.close()
    open_by_model: dict[str, int] = dict.fromkeys(names, 0)
    for short in await stage.said():
        verb, name, *_ = short.split()
        open_by_model[name] += 1 if verb == "raised" else -1
        assert open_by_model[name] in (0, 1)
    assert open_by_model == {"gpt": 1, "llama": 0}


async def opened(storage: StorageSettings, path: Path) -> Database:
    """A second, empty database: another file, or another schema of the same server."""
    if storage.database_url is None:
        fresh = open_database("alerting", StorageSettings(data_dir=path, database_url=None))
    else:
        fresh = open_database("alerting-anew", storage)
    await upgrade(fresh, SERVICE_TABLES.migrations, SERVICE_TABLES.metadata)
    return fresh


@pytest.mark.parametrize("checkpoints_at_the_beginning", [False, True], ids=["fresh", "restored"])
async def test_new_tables_on_an_old_history_say_nothing_again(
    stage: Stage,
    database: Database,
    storage: StorageSettings,
    tmp_path: Path,
    checkpoints_at_the_beginning: bool,
) -> None:
    """Fresh tables fold the past in silence. Tables restored from before it replay the past with
    their voice, and find all of it said."""
    await stage.say(*watched("gpt"), *ruled(rule()))
    story = checks("gpt", [DOWN, DOWN, OK, OK, DOWN, DOWN, DOWN])
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(*story)
        await stage.judged(decider)
    before = await stage.said()
    assert before == ["raised gpt", "resolved gpt recovered", "raised gpt"]
    anew = await opened(storage, tmp_path / "anew")
    if checkpoints_at_the_beginning:
        client = await stage.bus.client("alerting")
        async with anew.writing() as connection:
            for stream in SERVICE_TABLES.folds:
                created = (await stream_state(client, stream)).created
                row = {"stream": stream, "sequence": 0, "stream_created": created, "version": 1}
                await connection.execute(insert(checkpoints).values(row))
    try:
        async with stage.deciding(anew) as decider:
            await stage.judged(decider)
            await stage.say(check("gpt", 20, DOWN), check("gpt", 21, DOWN))
            await stage.judged(decider)
            assert await stage.said() == before
            await stage.say(check("gpt", 22, OK), check("gpt", 23, OK))
            await stage.judged(decider)
    finally:
        await anew.close()
    assert await stage.said() == [*before, "resolved gpt recovered"]


async def test_what_was_said_but_not_read_yet_is_not_said_again(
    stage: Stage, database: Database
) -> None:
    """A raise was published, its transaction lost, and ALERTS is not read when it is judged on."""
    await stage.say(*watched("gpt"), *ruled(rule()), *checks("gpt", [DOWN, DOWN]))
    client = await stage.bus.client("alerting")
    judge, publisher = Judge(client), Publisher(client, "alerting")
    async with database.engine.connect() as never_committed:
        *_, second = await read_registry_and_checks(stage, never_committed)
        (decision,) = await judge.decide(never_committed, second)
        await publisher.append(decision.event, cause=second.as_cause())
    await stage.say(check("gpt", 3, DOWN))
    async with database.writing() as connection:
        *_, third = await read_registry_and_checks(stage, connection)
        assert await judge.decide(connection, third) == []
        row = (await connection.execute(select(alerts))).one()
    assert f"alert.raised:{row.alert_id}" == decision.event.event_id


async def test_the_newest_registry_is_read_before_anything_is_said(
    stage: Stage, database: Database
) -> None:
    await stage.say(*watched("gpt"), *ruled(rule()))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(*checks("gpt", [DOWN, DOWN]))
        await stage.judged(decider)
    await stage.say(*checks("gpt", [OK, OK], first=3))
    await stage.say(registry.RuleRemoved(revision=2, at=at(9), rule_id=rule().rule_id))
    client = await stage.bus.client("alerting")
    async with database.writing() as connection:
        found = await stage.recorded(CHECKS.name)
        await fold_checks(connection, found)
        (decision,) = await Judge(client).decide(connection, found[-1])
    assert isinstance(decision.event, AlertResolved)
    assert decision.event.reason == "rule_removed"


async def read_registry_and_checks(stage: Stage, connection: AsyncConnection) -> list[Recorded]:
    found = await stage.recorded(CHECKS.name)
    await fold_registry(connection, await stage.recorded(REGISTRY.name))
    await fold_checks(connection, found)
    return found


async def test_a_stream_made_anew_begins_its_own_history(stage: Stage, database: Database) -> None:
    """What was decided at high positions of the lost stream does not silence the new one."""
    await stage.say(*watched("gpt"), *ruled(rule()), *checks("gpt", [DOWN, DOWN]))
    lost = {
        "rule_id": rule().rule_id,
        "target": str(model_id("gpt")),
        "stream": CHECKS.name,
        "sequence": 1_000,
        "event_id": "check.completed:lost",
        "decision_sequence": 0,
    }
    async with database.writing() as connection:
        await connection.execute(insert(decided).values(lost))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(check("gpt", 3, DOWN))
        await stage.judged(decider)
    assert await stage.said() == ["raised gpt"]
