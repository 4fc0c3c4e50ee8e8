"""The decider on a real bus and both databases: each alert said once, whatever breaks."""

import pytest
from alerting_bench import Stage
from alerting_stories import (
    DOWN,
    OK,
    SILENT,
    at,
    check,
    checks,
    long_story,
    model,
    model_id,
    provider,
    rule,
    ruled,
    watched,
)
from sqlalchemy import select

from arguslm_alerting import siblings
from arguslm_alerting.projections import SERVICE_TABLES
from arguslm_alerting.tables import channels
from arguslm_bus.rebuild import rebuild, verify
from arguslm_contracts.events import registry
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.spending import SpendingReported
from arguslm_contracts.identity import derive
from arguslm_storage.database import Database
from arguslm_storage.migrate import differences
from arguslm_testkit.bus import BusForTests


@pytest.fixture
def stage(bus: BusForTests) -> Stage:
    return Stage(bus)


async def test_the_migration_makes_the_declared_tables(database: Database) -> None:
    assert await differences(database, SERVICE_TABLES.metadata) == []


async def test_an_outage_is_raised_once_and_resolved_once(stage: Stage, database: Database) -> None:
    await stage.say(*watched("gpt"), *ruled(rule()))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(*checks("gpt", [OK, DOWN, SILENT, DOWN, DOWN, OK, OK, OK]))
        await stage.judged(decider)
    raised, resolved = await stage.alerts()
    assert isinstance(raised, AlertRaised)
    assert isinstance(resolved, AlertResolved)
    assert raised.alert_id == resolved.alert_id
    assert (raised.since, raised.raised_at, resolved.resolved_at) == (at(2), at(4), at(7))
    assert "gpt at Acme" in raised.message
    assert await stage.by_cause() == [
        f"raised {check('gpt', 4).event_id}",
        f"resolved {check('gpt', 7).event_id}",
    ]


CHANGES: list[tuple[Event, list[str]]] = [
    (
        registry.RuleCreated(revision=1, at=at(50), rule=rule()),
        ["raised gpt", "raised llama"],
    ),
    (
        registry.ModelUpdated(revision=2, at=at(60), model=model("gpt", monitored=False)),
        ["resolved gpt monitoring_off"],
    ),
    (
        registry.ModelRemoved(revision=2, at=at(70), model_id=model_id("llama")),
        ["resolved llama model_removed"],
    ),
    (registry.ModelUpdated(revision=3, at=at(80), model=model("gpt")), []),
    (check("gpt", 81, DOWN), ["raised gpt"]),
    (
        registry.ModelRetired(revision=4, at=at(82), model=model("gpt", retired_at=at(82))),
        ["resolved gpt model_retired"],
    ),
    (registry.ModelListed(revision=5, at=at(83), model=model("gpt")), []),
    (check("gpt", 84, DOWN), ["raised gpt"]),
    (
        registry.ProviderUpdated(revision=2, at=at(90), provider=provider(enabled=False)),
        ["resolved gpt monitoring_off"],
    ),
    (registry.ProviderUpdated(revision=3, at=at(91), provider=provider()), []),
    (check("gpt", 92, DOWN), ["raised gpt"]),
    (
        registry.MonitoringConfigured(
            revision=1, at=at(93), config=registry.MonitoringConfig(enabled=False)
        ),
        ["resolved gpt monitoring_off"],
    ),
    (
        registry.MonitoringConfigured(revision=2, at=at(94), config=registry.MonitoringConfig()),
        [],
    ),
    (check("gpt", 95, DOWN), ["raised gpt"]),
    (
        registry.RuleUpdated(revision=2, at=at(96), rule=rule(enabled=False)),
        ["resolved gpt rule_disabled"],
    ),
    (registry.RuleUpdated(revision=3, at=at(97), rule=rule()), ["raised gpt"]),
    (
        registry.RuleRemoved(revision=4, at=at(98), rule_id=rule().rule_id),
        ["resolved gpt rule_removed"],
    ),
]


async def test_changes_of_what_is_watched_raise_and_resolve_at_once(
    stage: Stage, database: Database
) -> None:
    await stage.say(*watched("gpt", "llama"))
    await stage.say(*checks("gpt", [DOWN] * 3), *checks("llama", [DOWN] * 3))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        before: list[str] = []
        assert await stage.said() == before
        for event, said in CHANGES:
            await stage.say(event)
            await stage.judged(decider)
            now = await stage.said()
            assert sorted(now[len(before) :]) == said, event.event_id
            before = now


async def test_the_end_of_a_provider_ends_the_alerts_of_its_models(
    stage: Stage, database: Database
) -> None:
    await stage.say(*watched("gpt"), *ruled(rule()))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(*checks("gpt", [DOWN, DOWN]))
        await stage.judged(decider)
        await stage.say(
            registry.ProviderRemoved(revision=2, at=at(60), provider_id=provider().provider_id)
        )
        await stage.judged(decider)
    assert await stage.said() == ["raised gpt", "resolved gpt model_removed"]


async def test_down_everywhere_is_one_incident_over_all_providers(
    stage: Stage, database: Database
) -> None:
    everywhere = rule("all", "model_unavailable_everywhere", target_model_name="llama")
    await stage.say(*watched("Llama-a", "Llama-b", "gpt"), *ruled(everywhere))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(*checks("Llama-a", [DOWN] * 3))
        await stage.judged(decider)
        assert await stage.said() == []
        await stage.say(*checks("Llama-b", [DOWN] * 3), *checks("Llama-a", [OK, OK], first=9))
        await stage.judged(decider)
    assert await stage.said() == ["raised llama", "resolved llama recovered"]


async def test_rules_on_one_model_and_on_all_of_its_like_say_each_outage_once(
    stage: Stage, database: Database
) -> None:
    everywhere = rule("all", "model_unavailable_everywhere", target_model_name="llama")
    await stage.say(*watched("llama-a", "llama-b", "gpt"), *ruled(everywhere, rule()))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        for part in (
            checks("llama-a", [DOWN, DOWN]),
            checks("llama-b", [DOWN, OK, DOWN, DOWN]),
            checks("llama-a", [OK, OK], first=9),
        ):
            await stage.say(*part)
            await stage.judged(decider)
    assert await stage.said() == [
        "raised llama-a",
        "raised llama",
        "raised llama-b",
        "resolved llama recovered",
        "resolved llama-a recovered",
    ]


async def test_down_everywhere_is_told_though_only_as_many_are_read_as_it_takes(
    stage: Stage, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(siblings, "_FIRST_LOOK", 3)
    monkeypatch.setattr(siblings, "_SOME", siblings._LEAST_FAILING_FIRST.limit(3))
    monkeypatch.setattr(siblings, "_READ_AT_ONCE", 2)
    llamas = [f"llama-{n}" for n in range(8)]
    everywhere = rule("all", "model_unavailable_everywhere", target_model_name="llama")
    retired = registry.ModelRetired(
        revision=2, at=at(0), model=model("llama-7", retired_at=at(0), monitored=False)
    )
    await stage.say(*watched(*llamas, "gpt"), retired, *ruled(everywhere), check("gpt", 1))
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        for name in llamas[:6]:
            await stage.say(*checks(name, [DOWN, DOWN, DOWN]))
        await stage.say(*checks("llama-6", [OK, DOWN]))
        await stage.judged(decider)
        assert await stage.said() == []
        await stage.say(check("llama-6", 3, DOWN), *checks("llama-0", [DOWN, DOWN], first=4))
        await stage.judged(decider)
        assert await stage.said() == ["raised llama"]
        await stage.say(check("llama-2", 6), check("llama-3", 6, DOWN), check("llama-2", 7))
        await stage.judged(decider)
    assert await stage.said() == ["raised llama", "resolved llama recovered"]


async def test_rebuilt_tables_equal_the_live_ones(
    stage: Stage, database: Database, shadow: Database
) -> None:
    channel = registry.Channel(
        channel_id=derive("channel", 1), name="c", kind="webhook", url="sealed", created_at=at(0)
    )
    gone = channel.model_copy(update={"channel_id": derive("channel", 2)})
    await stage.say(
        *watched("gpt", "llama"),
        *ruled(rule(channel_ids=(channel.channel_id,)), rule("gone")),
        registry.ChannelCreated(revision=1, at=at(0), channel=channel),
        registry.ChannelCreated(revision=1, at=at(0), channel=gone),
        registry.ChannelRemoved(revision=2, at=at(1), channel_id=gone.channel_id),
    )
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        await stage.say(*long_story(["gpt", "llama"], seed=5, length=30))
        await stage.judged(decider)
        await stage.say(
            registry.RuleRemoved(revision=2, at=at(99), rule_id=rule("gone").rule_id),
            registry.ModelUpdated(revision=2, at=at(99), model=model("llama", custom_name="L")),
        )
        await stage.judged(decider)
        client = await stage.bus.client("alerting")
        assert await verify(client, database, shadow, SERVICE_TABLES, quiet) == []
        rows = await rebuild(client, database, shadow, SERVICE_TABLES, quiet)
        assert rows["endpoint_states"] == 2
        assert rows["channels"] == 2
        before = await stage.said()
        assert await verify(client, database, shadow, SERVICE_TABLES, quiet) == []
        await stage.judged(decider)
        assert await stage.said() == before
    async with database.reading() as connection:
        urls = select(channels.c.channel_id, channels.c.url, channels.c.removed)
        found = {row.channel_id: (row.url, row.removed) for row in await connection.execute(urls)}
    assert found == {channel.channel_id: ("sealed", False), gone.channel_id: (None, True)}


def quiet(_stream: str, _done: int, _of: int) -> None:
    """Nobody watches the progress."""


def budget(name: str) -> registry.Budget:
    return registry.Budget(
        budget_id=derive("budget", name), name=name, usd_per_day=2.0, created_at=at(0)
    )


def reported(name: str, percent: int, second: float) -> SpendingReported:
    return SpendingReported(
        budget_id=derive("budget", name),
        budget_name=name,
        day=at(0).replace(hour=0),
        used_percent=percent,
        used_usd=percent / 50,
        usd_per_day=2.0,
        at=at(second),
    )


BUDGET_STORY: list[tuple[Event, list[str]]] = [
    (reported("big", 80, 1), []),
    (
        registry.RuleCreated(
            revision=1, at=at(2), rule=rule("any", "budget_used", threshold_percent=80)
        ),
        ["raised big"],
    ),
    (reported("small", 75, 3), []),
    (reported("small", 85, 4), ["raised small"]),
    (reported("small", 95, 5), []),
    # A check, a model and another rule have nothing to do with it.
    (check("gpt", 6, DOWN), []),
    (check("gpt", 7, OK), []),
    (reported("small", 0, 8), ["resolved small recovered"]),
    (
        registry.RuleCreated(
            revision=1,
            at=at(9),
            rule=rule(
                "one",
                "budget_used",
                threshold_percent=5,
                target_budget_id=derive("budget", "small"),
            ),
        ),
        [],
    ),
    (reported("small", 5, 10), ["raised small"]),
    (
        registry.BudgetRemoved(revision=2, at=at(11), budget_id=derive("budget", "small")),
        ["resolved small budget_removed"],
    ),
    (registry.RuleRemoved(revision=2, at=at(12), rule_id=derive("rule", "one")), []),
    (
        registry.RuleRemoved(revision=2, at=at(13), rule_id=derive("rule", "any")),
        ["resolved big rule_removed"],
    ),
]


async def test_a_rule_on_budgets_raises_when_so_much_is_used_and_resolves_with_the_day(
    stage: Stage, database: Database, shadow: Database, bus: BusForTests
) -> None:
    names = {derive("budget", name): name for name in ("big", "small")}
    created = [
        registry.BudgetCreated(revision=1, at=at(0), budget=budget(name)) for name in names.values()
    ]
    await stage.say(*watched("gpt"), *created)
    async with stage.deciding(database) as decider:
        for event, expected in BUDGET_STORY:
            before = len(await stage.alerts())
            await stage.say(event)
            await stage.judged(decider)
            said = [
                f"raised {names.get(one.budget_id)}"
                if isinstance(one, AlertRaised)
                else f"resolved {names.get(one.budget_id)} {one.reason}"
                for one in (await stage.alerts())[before:]
            ]
            assert said == expected, event
        client = await bus.client("alerting")
        assert await verify(client, database, shadow, SERVICE_TABLES, lambda *_: None) == []
    messages = [one.message for one in await stage.alerts()]
    assert "85 % of the budget small are used today (UTC): $1.7000 of $2.0000." in messages
    assert "Less of the budget small is used again, after 4 s." in messages
