"""Who may say what: enough for every event, and nothing without a reason."""

import event_examples
import pytest

from arguslm_contracts.catalogue import EVENTS, RESERVED
from arguslm_contracts.events.base import Event
from arguslm_contracts.permissions import (
    BY_OPERATOR,
    OPERATOR,
    SERVICES,
    SUBSCRIBER,
    USERS,
    BusUser,
    event_names,
    inbox_prefix,
    may_publish,
    may_subscribe,
    must_not_publish,
    publishers_of,
    readers_of,
)
from arguslm_contracts.streams import CHECKS, STREAMS, StreamSpec
from arguslm_contracts.subjects import matches, stream_of

SUBJECTS = [event.subject for event in event_examples.EXAMPLES]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_every_event_has_a_publisher(kind: type[Event]) -> None:
    allowed = publishers_of(kind.name)
    assert allowed
    subject = event_examples.BY_TYPE[kind.event_type()].subject
    by_services = {user.name: user.publishes for user in SERVICES}
    assert allowed == [
        name
        for name, patterns in (by_services | {OPERATOR: BY_OPERATOR}).items()
        if any(matches(pattern, subject) for pattern in patterns)
    ]


@pytest.mark.parametrize(
    ("user", "pattern"),
    [(user, pattern) for user in USERS for pattern in user.publishes],
    ids=lambda value: value.name if isinstance(value, BusUser) else value,
)
def test_every_permission_has_a_reason(user: BusUser, pattern: str) -> None:
    if pattern.startswith("dead."):
        assert pattern == f"dead.{user.name}.>"
        return
    used = any(matches(pattern, subject) for subject in SUBJECTS)
    assert used or pattern.removesuffix(".>") in RESERVED


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_stream_subject_has_an_event_or_is_reserved(stream: StreamSpec) -> None:
    for pattern in stream.subjects:
        used = any(matches(pattern, subject) for subject in SUBJECTS)
        assert used or pattern.removesuffix(".>") in RESERVED or pattern == "dead.>"


@pytest.mark.parametrize("noun", RESERVED)
def test_what_is_reserved_is_not_used_yet(noun: str) -> None:
    assert not any(matches(f"{noun}.>", subject) for subject in SUBJECTS)
    assert stream_of(f"{noun}.happened.1")


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.name)
def test_every_event_has_a_reader(kind: type[Event]) -> None:
    assert readers_of(stream_of(event_examples.BY_TYPE[kind.event_type()].subject))


def test_nobody_may_touch_streams_or_listen_to_others() -> None:
    for user in USERS:
        assert may_subscribe(user) == [f"{inbox_prefix(user.name)}.>"]
        for denied in ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE"):
            for stream in STREAMS:
                if denied == "STREAM.PURGE" and stream in user.purges:
                    continue
                api = f"$JS.API.{denied}.{stream.name}"
                assert not any(matches(pattern, api) for pattern in may_publish(user))


def test_who_removes_old_checks_is_not_who_gives_them_up() -> None:
    purging = {user.name: user.purges for user in USERS if user.purges}
    assert purging == {"scheduler": (CHECKS,)}
    assert publishers_of("history.closed") == ["query-api"]


def test_no_inbox_lies_within_another() -> None:
    inboxes = [f"{inbox_prefix(user.name)}.x" for user in USERS]
    for user in USERS:
        heard = [inbox for inbox in inboxes if matches(may_subscribe(user)[0], inbox)]
        assert heard == [f"{inbox_prefix(user.name)}.x"]


def test_the_subscriber_says_nothing() -> None:
    assert SUBSCRIBER.publishes == ()
    for subject in SUBJECTS:
        assert not any(matches(pattern, subject) for pattern in may_publish(SUBSCRIBER))


def test_a_durable_is_its_owners_alone() -> None:
    for owner in SERVICES:
        for stream, durable in owner.durables:
            if "*" in durable:
                continue
            ack = f"$JS.ACK.{stream.name}.{durable}.1.2.3.4.5"
            others = [
                user.name
                for user in USERS
                if user is not owner
                and any(matches(pattern, ack) for pattern in may_publish(user))
                and not any(matches(pattern, ack) for pattern in must_not_publish(user))
            ]
            assert others == []


def test_event_names_are_those_of_the_catalogue() -> None:
    assert event_names() == sorted({kind.name for kind in EVENTS})
    assert len(event_names()) == len(EVENTS), "one class per event name"
