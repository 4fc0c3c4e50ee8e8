"""Alerts, rules and channels."""

from door_events import T0, Streams, acknowledged, minute, model, raised, resolved, rows_of

from arguslm_contracts.events import alerts as events
from arguslm_contracts.events import registry
from arguslm_contracts.identity import derive
from arguslm_query_api.reads import alerts
from arguslm_storage.database import Database

GPT = model("gpt-4.1")
A, B, C, QUIET = (derive("alert", name) for name in ("a", "b", "c", "quiet"))
TEAM, PAGER = derive("channel", "team"), derive("channel", "pager")


async def fill(database: Database) -> None:
    """One open, one resolved and acknowledged, one acknowledged, one that the bell leaves out."""
    streams = Streams()
    streams.say(raised(A, GPT, minute(1)))
    streams.say(raised(B, GPT, minute(2)), acknowledged(B, minute(3)), resolved(B, GPT, minute(4)))
    streams.say(raised(C, GPT, minute(5), rule_id=derive("rule", 2)), acknowledged(C, minute(6)))
    streams.say(raised(QUIET, GPT, minute(7), notify_in_app=False))
    streams.say(delivered(B, "raised"), delivered(B, "resolved", minute(5)), failed(A, "raised"))
    await streams.fold_into(database)


def delivered(alert_id: object, transition: str, at: object = T0) -> events.NotificationDelivered:
    return events.NotificationDelivered(
        alert_id=alert_id,
        transition=transition,
        channel_id=TEAM,
        channel_name="Team",
        attempts=1,
        at=at,
    )


def failed(alert_id: object, transition: str) -> events.NotificationFailed:
    return events.NotificationFailed(
        alert_id=alert_id,
        transition=transition,
        channel_id=PAGER,
        channel_name="Pager",
        attempts=5,
        at=T0,
        error="no route",
    )


async def test_alerts_tell_their_whole_story(database: Database) -> None:
    await fill(database)
    async with database.reading() as connection:
        shown = await alerts.get_alert(connection, B)
        assert await alerts.get_alert(connection, derive("none")) is None
    assert shown is not None
    assert (shown.state, shown.resolved_at, shown.resolve_reason) == (
        "resolved",
        minute(4),
        "recovered",
    )
    assert (shown.acknowledged, shown.acknowledged_by, shown.acknowledged_at) == (
        True,
        "ada",
        minute(3),
    )
    assert (shown.model_name, shown.provider_name, shown.outcome, shown.fault_owner) == (
        "gpt-4.1",
        "Acme",
        "server_error",
        "provider",
    )
    assert [(one.transition, one.delivered) for one in shown.notifications] == [
        ("raised", True),
        ("resolved", True),
    ]


async def test_filters_and_counts(database: Database) -> None:
    await fill(database)
    async with database.reading() as connection:
        everything = await alerts.list_alerts(connection)
        assert [one.id for one in everything.items] == [QUIET, C, B, A]
        assert (everything.total, everything.unacknowledged_count) == (4, 2)
        opened = await alerts.list_alerts(connection, state="open")
        assert [one.id for one in opened.items] == [QUIET, C, A]
        assert [
            one.id for one in (await alerts.list_alerts(connection, state="resolved")).items
        ] == [B]
        unseen = await alerts.list_alerts(connection, acknowledged=False)
        assert [one.id for one in unseen.items] == [QUIET, A]
        page = await alerts.list_alerts(connection, acknowledged=True, limit=1, offset=1)
        assert ([one.id for one in page.items], page.total) == ([B], 2)
        of_rule = await alerts.list_alerts(connection, rule_id=derive("rule", 2))
        assert [one.id for one in of_rule.items] == [C]
        late = await alerts.list_alerts(connection, since=minute(5))
        assert [one.id for one in late.items] == [QUIET, C]


async def test_the_bell_leaves_out_what_is_not_for_the_app(database: Database) -> None:
    await fill(database)
    async with database.reading() as connection:
        bell = await alerts.recent(connection, limit=2)
        assert await alerts.unread_count(connection) == 1
    assert ([one.id for one in bell.items], bell.total_unread) == ([C, B], 1)


async def test_an_alert_that_is_over_leaves_the_bells_count(database: Database) -> None:
    streams = Streams()
    streams.say(raised(A, GPT, minute(1)), resolved(A, GPT, minute(2)))
    streams.say(raised(B, GPT, minute(3)))
    await streams.fold_into(database)
    async with database.reading() as connection:
        bell = await alerts.recent(connection)
        listed = await alerts.list_alerts(connection, acknowledged=False)
    assert ([one.id for one in bell.items], bell.total_unread) == ([B, A], 1)
    assert (listed.total, listed.unacknowledged_count) == (2, 2)


async def test_a_delivery_is_never_undone_by_a_later_failure(database: Database) -> None:
    streams, test_id = Streams(), derive("test")
    told = delivered(test_id, "test")
    again = failed(test_id, "test").model_copy(update={"channel_id": TEAM})
    streams.say(again, told, again)
    await streams.fold_into(database, batch=1)
    async with database.reading() as connection:
        outcome = await alerts.notification_test(connection, test_id)
        assert await alerts.notification_test(connection, derive("none")) is None
    assert outcome is not None
    assert (outcome.delivered, outcome.channel_name, outcome.error) == (True, "Team", None)
    assert len((await rows_of(database, "notifications"))["notifications"]) == 1


async def test_rules_know_how_they_tell_and_channels_hide_where(database: Database) -> None:
    streams = Streams()
    streams.say(
        channel(TEAM, "Team", "webhook", "https://user:pw@hooks.example:8443/secret?token=x"),
        channel(PAGER, "Pager", "apprise", "tgram://123456:secret-token/42"),
        rule("Any", channel_ids=(TEAM,)),
        rule("By pager", channel_ids=(PAGER, derive("removed"))),
    )
    await streams.fold_into(database)
    async with database.reading() as connection:
        pager, team = await alerts.list_channels(connection, lambda sealed: sealed)
        any_down, by_pager = await alerts.list_rules(connection)
        stored = await alerts.stored_rule(connection, any_down.id)
    assert (pager.url_hint, team.url_hint) == ("tgram://…", "https://hooks.example")
    assert (any_down.notify_webhook, by_pager.notify_webhook) == (True, False)
    assert (any_down.channel_ids, any_down.failures_to_raise) == ([TEAM], 3)
    assert stored is not None
    assert (stored[0].channel_ids, stored[1], stored[2]) == ((TEAM,), 1, 3)


def channel(channel_id: object, name: str, kind: str, url: str) -> registry.ChannelCreated:
    state = registry.Channel(channel_id=channel_id, name=name, kind=kind, url=url, created_at=T0)
    return registry.ChannelCreated(revision=1, at=T0, channel=state)


def rule(name: str, **fields: object) -> registry.RuleCreated:
    state = registry.Rule(
        rule_id=derive("rule", name),
        name=name,
        rule_type="any_model_down",
        failures_to_raise=3,
        created_at=T0,
        **fields,
    )
    return registry.RuleCreated(revision=1, at=T0, rule=state)
