"""The notifier on a real bus: raised, then resolved, each once, or an honest failure."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from alerting_bench import Stage
from alerting_stories import DOWN, at, model_id, rule
from webhook_receiver import Receiver, receiving

from arguslm_alerting.channels.apprise_services import AppriseServices
from arguslm_alerting.channels.book import ChannelBook
from arguslm_alerting.channels.webhook import Webhook
from arguslm_alerting.ledger import Ledger
from arguslm_alerting.workers import Notifier, Patience
from arguslm_bus.publisher import NotStored, Publisher, Stored
from arguslm_bus.worker import Worker
from arguslm_contracts.events import registry
from arguslm_contracts.events.alerts import (
    AlertRaised,
    AlertResolved,
    NotificationDelivered,
    NotificationFailed,
    NotificationTestRequested,
)
from arguslm_contracts.events.base import Event
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import FaultOwner
from arguslm_contracts.streams import ALERTS
from arguslm_egress.policy import EgressPolicy
from arguslm_storage.database import Database
from arguslm_storage.vault import Vault
from arguslm_testkit.bus import BusForTests

VAULT = Vault(["4dGyWd7RjoZBZGdN5Jfbu_cHSEX1l2eCvfTzCJxZQ9k="])
KEY_OF_ANOTHER = "zR9ZcVqeP4P2t6y7u9mK0nXo5bqVw1sLr8hTgYkJ3aE="
SECRET = "hunter2planted"
QUICK = Patience(
    attempts=4, first_delay_s=0.05, longest_delay_s=0.2, first_turn_s=0.05, longest_turn_s=0.1
)


def channel(name: str, url: str, *, kind: str = "webhook", **fields: Any) -> registry.Channel:
    facts: dict[str, Any] = {
        "channel_id": derive("channel", name),
        "name": name,
        "kind": kind,
        "url": VAULT.seal({"url": url}),
        "created_at": at(0),
    }
    return registry.Channel(**(facts | fields))


def created(one: registry.Channel) -> registry.ChannelCreated:
    return registry.ChannelCreated(revision=1, at=at(0), channel=one)


def raised(number: int, *channels: registry.Channel) -> AlertRaised:
    return AlertRaised(
        alert_id=derive("alert", number),
        rule_id=rule().rule_id,
        rule_name="any",
        rule_type="any_model_down",
        severity="critical",
        model_id=model_id("gpt"),
        model_name="gpt",
        provider_name="Acme",
        outcome=DOWN,
        fault_owner=FaultOwner.PROVIDER,
        since=at(number),
        raised_at=at(number + 1),
        message=f"gpt at Acme has been down, number {number}.",
        channel_ids=tuple(one.channel_id for one in channels),
    )


def resolved(alert: AlertRaised) -> AlertResolved:
    return AlertResolved(
        alert_id=alert.alert_id,
        rule_id=alert.rule_id,
        model_id=alert.model_id,
        reason="recovered",
        resolved_at=at(900),
        message="gpt at Acme is up again after 15 min.",
        channel_ids=alert.channel_ids,
    )


class NotifierStage(Stage):
    """A stage with the tables followed, and notifiers that come and go."""

    def __init__(self, bus: BusForTests, database: Database) -> None:
        super().__init__(bus)
        self.database = database

    @asynccontextmanager
    async def notifying(
        self,
        patience: Patience = QUICK,
        *,
        publisher: type[Publisher] = Publisher,
        webhook_timeout_s: float = 10.0,
    ) -> AsyncIterator[None]:
        client = await self.bus.client("alerting")
        egress = EgressPolicy()
        webhook = Webhook(egress, timeout_s=webhook_timeout_s)
        services = AppriseServices(egress)
        notifier = Notifier(
            Ledger(client),
            publisher(client, "alerting"),
            ChannelBook(self.database, VAULT),
            {"webhook": webhook.send, "apprise": services.send},
            patience,
        )
        settings = self.bus.settings("alerting")
        workers = [Worker(settings, client, "alerting", duty) for duty in notifier.duties]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            # Told once: a worker that is told again while it gives back what it has leaves its
            # connection open.
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            services.close()
            await webhook.close()

    async def answers(self) -> list[NotificationDelivered | NotificationFailed]:
        return [
            recorded.event
            for recorded in await self.recorded(ALERTS.name)
            if isinstance(recorded.event, NotificationDelivered | NotificationFailed)
        ]

    async def answer(
        self, about: UUID, transition: str, of: registry.Channel
    ) -> NotificationDelivered | NotificationFailed:
        """Wait for what became of one notification."""
        (recorded,) = await self.told(f"notification.*.{about}.{transition}.{of.channel_id}")
        assert isinstance(recorded.event, NotificationDelivered | NotificationFailed)
        return recorded.event


@pytest.fixture
async def stage(bus: BusForTests, database: Database) -> AsyncIterator[NotifierStage]:
    made = NotifierStage(bus, database)
    async with made.deciding(database):
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


async def test_a_receiver_that_fails_twice_is_told_raised_then_resolved_once_each(
    stage: NotifierStage, receiver: Receiver
) -> None:
    receiver.answers = [500, 503]
    hook = channel("hook", receiver.url)
    alert = raised(1, hook)
    await stage.say(created(hook), alert, resolved(alert))
    async with stage.notifying():
        await receiver.until(lambda: len(receiver.accepted) == 2)
        told = await stage.answer(alert.alert_id, "resolved", hook)
    assert receiver.kinds == ["alert.raised", "alert.resolved"]
    assert [one.attempts for one in await stage.answers()] == [3, 1]
    assert isinstance(told, NotificationDelivered)
    assert told.channel_name == "hook"
    first, second = receiver.accepted
    assert first.body["alert"]["model_name"] == "gpt"
    assert first.body["alert"]["state"] == "open"
    assert "channel_ids" not in first.body["alert"]
    assert second.body["alert"]["reason"] == "recovered"
    assert second.body["text"] == "gpt at Acme is up again after 15 min."
    keys = [one.headers["idempotency-key"] for one in receiver.requests]
    assert keys == [f"{alert.alert_id}.raised"] * 3 + [f"{alert.alert_id}.resolved"]
    later = raised(2, hook)
    await stage.say(later)
    async with stage.notifying():
        await receiver.until(lambda: len(receiver.accepted) == 3)
        await stage.answer(later.alert_id, "raised", hook)
    assert receiver.kinds == ["alert.raised", "alert.resolved", "alert.raised"]


async def test_a_notifier_stopped_between_its_tries_goes_on(
    stage: NotifierStage, receiver: Receiver
) -> None:
    receiver.answers = [500]
    hook = channel("hook", receiver.url)
    alert = raised(1, hook)
    await stage.say(created(hook), alert)
    async with stage.notifying(Patience(first_delay_s=60, longest_delay_s=60)):
        await receiver.until(lambda: len(receiver.requests) == 1)
    await stage.say(resolved(alert))
    client = await stage.bus.client()
    await client.jetstream().delete_consumer(ALERTS.name, "notifier-raised")
    async with stage.notifying():
        await stage.answer(alert.alert_id, "resolved", hook)
    assert receiver.kinds == ["alert.raised", "alert.resolved"]


class ForgetfulPublisher(Publisher):
    """The bus takes the first event and answers nothing."""

    forgot = False

    async def append(self, event: Event, **options: Any) -> Stored:
        if not self.forgot:
            self.forgot = True
            raise NotStored(f"{event.subject}: no acknowledgement")
        return await super().append(event, **options)


async def test_what_was_sent_waits_for_its_answer_and_is_not_sent_again(
    stage: NotifierStage, receiver: Receiver
) -> None:
    hook = channel("hook", receiver.url)
    alert = raised(1, hook)
    await stage.say(created(hook), alert)
    async with stage.notifying(publisher=ForgetfulPublisher):
        told = await stage.answer(alert.alert_id, "raised", hook)
    assert isinstance(told, NotificationDelivered)
    assert receiver.kinds == ["alert.raised"]


async def test_a_durable_made_anew_tells_nothing_again(
    stage: NotifierStage, receiver: Receiver
) -> None:
    hook = channel("hook", receiver.url)
    alert, later = raised(1, hook), raised(2, hook)
    await stage.say(created(hook), alert, resolved(alert))
    async with stage.notifying():
        await stage.answer(alert.alert_id, "resolved", hook)
    client = await stage.bus.client()
    for transition in ("raised", "resolved"):
        await client.jetstream().delete_consumer(ALERTS.name, f"notifier-{transition}")
    await stage.say(later, resolved(later))
    async with stage.notifying():
        await stage.answer(later.alert_id, "resolved", hook)
    assert receiver.kinds == ["alert.raised", "alert.resolved"] * 2
    assert len(await stage.answers()) == 4


async def test_a_dead_channel_delays_no_other_and_its_end_is_told_after_its_raise(
    stage: NotifierStage, receiver: Receiver
) -> None:
    async with receiving(*[500] * 100) as dead:
        bad, good = channel("bad", dead.url), channel("good", receiver.url)
        alert = raised(1, bad, good)
        await stage.say(created(bad), created(good), alert, resolved(alert))
        async with stage.notifying(replace(QUICK, first_delay_s=0.3, longest_delay_s=1)):
            await stage.answer(alert.alert_id, "resolved", good)
            assert receiver.kinds == ["alert.raised", "alert.resolved"]
            assert all(one.channel_id == good.channel_id for one in await stage.answers())
            assert {one.body["type"] for one in dead.requests} == {"alert.raised"}
            failed = await stage.answer(alert.alert_id, "raised", bad)
            await stage.answer(alert.alert_id, "resolved", bad)
        assert isinstance(failed, NotificationFailed)
        assert (failed.attempts, failed.error) == (4, "answered HTTP 500")
        kinds = [one.body["type"] for one in dead.requests]
        assert kinds == ["alert.raised"] * 4 + ["alert.resolved"] * 4
    assert len(receiver.requests) == 2


async def test_many_alerts_on_a_channel_that_hangs_delay_no_other(
    stage: NotifierStage, receiver: Receiver
) -> None:
    """All of them hang at the same time."""
    async with receiving(*[0] * 100) as hanging:
        dead, hook = channel("dead", hanging.url), channel("hook", receiver.url)
        alerts = [raised(number, dead, hook) for number in range(40)]
        await stage.say(created(dead), created(hook), *alerts)
        async with stage.notifying(webhook_timeout_s=120.0):
            await receiver.until(lambda: len(receiver.accepted) == 40)
            await hanging.until(lambda: len(hanging.requests) == 40)


@pytest.mark.parametrize(
    ("kind", "scheme", "error"),
    [
        ("webhook", "http", "no connection (ConnectError)"),
        ("apprise", "json", "the service did not take the message"),
    ],
)
async def test_an_unreachable_channel_fails_without_naming_its_address(
    stage: NotifierStage,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    kind: str,
    scheme: str,
    error: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with receiving() as gone:
        url = f"{scheme}://127.0.0.1:{gone.port}/{SECRET}"
    lost = channel("lost", url, kind=kind)
    alert = raised(1, lost)
    await stage.say(created(lost), alert)
    async with stage.notifying():
        failed = await stage.answer(alert.alert_id, "raised", lost)
    assert isinstance(failed, NotificationFailed)
    assert (failed.attempts, failed.error) == (4, error)
    written = capfd.readouterr()
    everything = caplog.text + written.out + written.err
    everything += "".join(str(one) for one in await stage.recorded(ALERTS.name))
    assert SECRET not in everything
    assert f":{gone.port}" not in everything


async def test_apprise_tells_raised_and_resolved(stage: NotifierStage) -> None:
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        service = channel("apprise", f"json://127.0.0.1:{receiver.port}/", kind="apprise")
        alert = raised(1, service)
        await stage.say(created(service), alert, resolved(alert))
        async with stage.notifying():
            await stage.answer(alert.alert_id, "resolved", service)
    assert [(one.body["title"], one.body["type"]) for one in receiver.requests] == [
        ("ArgusLM: Down: gpt", "failure"),
        ("ArgusLM: Up again: gpt", "success"),
    ]


async def test_a_test_is_answered_after_one_try(stage: NotifierStage, receiver: Receiver) -> None:
    receiver.answers = [204, 500]
    hook = channel("hook", receiver.url)
    asked = [
        NotificationTestRequested(
            test_id=derive("test", number), channel_id=hook.channel_id, requested_by="ada"
        )
        for number in range(2)
    ]
    asker = Publisher(await stage.bus.client("query-api"), "query-api")
    await stage.say(created(hook))
    async with stage.notifying():
        await asker.append(asked[0])
        good = await stage.answer(asked[0].test_id, "test", hook)
        await asker.append(asked[1])
        bad = await stage.answer(asked[1].test_id, "test", hook)
    assert isinstance(good, NotificationDelivered)
    assert isinstance(bad, NotificationFailed)
    assert (bad.attempts, bad.error) == (1, "answered HTTP 500")
    assert [one.body for one in receiver.requests] == [
        {
            "type": "test",
            "alert": {},
            "text": "This is a test message from ArgusLM, asked for by ada.",
        }
    ] * 2


async def test_channels_that_cannot_be_used_fail_and_say_why(stage: NotifierStage) -> None:
    removed = channel("removed", "http://127.0.0.1:1/")
    off = channel("off", "http://127.0.0.1:1/", enabled=False)
    foreign = channel("foreign", "x").model_copy(
        update={"url": Vault([KEY_OF_ANOTHER]).seal({"url": "x"})}
    )
    unknown = channel("unknown", "http://127.0.0.1:1/")
    alert = raised(1, removed, off, foreign, unknown)
    await stage.say(
        created(removed),
        created(off),
        created(foreign),
        registry.ChannelRemoved(revision=2, at=at(1), channel_id=removed.channel_id),
        alert,
    )
    async with stage.notifying(replace(QUICK, turns=5)):
        for one in (removed, off, foreign, unknown):
            await stage.answer(alert.alert_id, "raised", one)
    errors = {
        one.channel_name: one.error
        for one in await stage.answers()
        if isinstance(one, NotificationFailed)
    }
    assert errors == {
        "removed": "the channel was removed",
        "off": "the channel is switched off",
        "foreign": "the channel's address is sealed with a key this service does not have",
        str(unknown.channel_id): "the channel is not known",
    }


async def test_a_channel_that_is_read_late_is_waited_for(
    stage: NotifierStage, receiver: Receiver
) -> None:
    hook = channel("hook", receiver.url)
    alert = raised(1, hook)
    await stage.say(alert)
    async with stage.notifying():
        await stage.say(created(hook))
        told = await stage.answer(alert.alert_id, "raised", hook)
    assert isinstance(told, NotificationDelivered)
    assert receiver.kinds == ["alert.raised"]


def test_patience_is_eight_tries_over_about_ten_minutes() -> None:
    patience = Patience()
    delays = [patience.delay_s(n) for n in range(1, patience.attempts)]
    assert delays == [5, 10, 20, 40, 80, 160, 300]
