"""The audit, on the recorded examples of the contracts: it finds each fault, and only that."""

import json
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid4

import pytest

from arguslm_bus.audit import ANSWER_GRACE, TOLD_GRACE, Audit
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved
from arguslm_contracts.events.checks import CheckRequested

LONG = timedelta(hours=1)


def sample(name: str, *, later: timedelta = timedelta(0), **changes: Any) -> Recorded:
    """A recorded example, published so much later, with other values in its data."""
    stored = json.loads(
        (files("arguslm_contracts") / "samples" / f"arguslm.{name}.v1.json").read_text()
    )
    body = json.dumps(stored["data"]).encode()
    recorded = decode(
        stored["headers"], body, stream=stored["stream"], sequence=1, subject=stored["subject"]
    )
    event = recorded.event.model_copy(update=changes)
    return recorded._replace(event=event, time=recorded.time + later)


def faults(*seen: Recorded) -> list[str]:
    audit = Audit()
    for recorded in seen:
        audit.see(recorded)
    return [finding.fault for finding in audit.findings()]


REQUEST = sample("check.requested")
assert isinstance(REQUEST.event, CheckRequested)
CHECK_ID = REQUEST.event.request_id
ANSWER = sample("check.completed", check_id=CHECK_ID)
OTHERS_ANSWER = sample("check.completed", later=LONG, check_id=uuid4())

RAISED = sample("alert.raised")
assert isinstance(RAISED.event, AlertRaised)
CHANNEL = RAISED.event.channel_ids[0]
ALERT = RAISED.event.alert_id
RESOLVED = sample("alert.resolved", alert_id=ALERT)
assert isinstance(RESOLVED.event, AlertResolved)
LATER = sample("clock.ticked", later=LONG)


def told(transition: str, kind: str = "delivered", channel_id: UUID = CHANNEL) -> Recorded:
    return sample(
        f"notification.{kind}", alert_id=ALERT, transition=transition, channel_id=channel_id
    )


def test_what_was_answered_once_and_told_is_well() -> None:
    well = (REQUEST, ANSWER, OTHERS_ANSWER, RAISED, RESOLVED, told("raised"), told("resolved"))
    assert faults(*well, LATER) == []
    assert faults() == []


def test_a_request_without_an_answer_is_found_when_it_should_have_one() -> None:
    assert faults(REQUEST, OTHERS_ANSWER) == ["check_unanswered"]
    lapses_after = REQUEST.event.lapses_at - REQUEST.time  # type: ignore[attr-defined]
    in_time = OTHERS_ANSWER._replace(time=REQUEST.time + lapses_after + ANSWER_GRACE)
    assert faults(REQUEST, in_time) == []


def test_an_answer_that_may_have_been_given_up_is_not_missed() -> None:
    due_at = REQUEST.event.due_at  # type: ignore[attr-defined]
    for before, found in ((due_at + LONG, []), (due_at, ["check_unanswered"])):
        closed = sample("history.closed", given_up_before=before)
        assert faults(REQUEST, OTHERS_ANSWER, closed) == found


def test_answers_that_were_not_read_yet_are_not_missed() -> None:
    """Alerts are read last, minutes after the checks: their time says nothing about checks."""
    assert faults(REQUEST, LATER) == []


def test_a_second_answer_is_found() -> None:
    assert faults(REQUEST, ANSWER, ANSWER) == ["check_answered_twice"]


@pytest.mark.parametrize("kind", ["delivered", "failed"])
def test_a_raise_that_a_channel_never_answered_is_found(kind: str) -> None:
    assert faults(RAISED, LATER) == ["raise_not_told"]
    assert faults(RAISED, told("raised", kind), LATER) == []
    elsewhere = told("raised", kind, channel_id=uuid4())
    assert faults(RAISED, elsewhere, LATER) == ["raise_not_told"]


def test_a_resolve_is_told_wherever_the_raise_was() -> None:
    assert faults(RAISED, RESOLVED, told("raised"), LATER) == ["resolve_not_told"]
    assert faults(RAISED, RESOLVED, RESOLVED, told("raised"), told("resolved"), LATER) == [
        "resolved_twice"
    ]


def test_a_notification_that_is_still_tried_is_not_missed() -> None:
    tried = LATER._replace(time=RAISED.event.raised_at + TOLD_GRACE)  # type: ignore[attr-defined]
    assert faults(RAISED, tried) == []


def test_tries_begin_anew_when_the_house_wakes() -> None:
    def tick(pause_s: int) -> Recorded:
        second = 1_795_426_200
        return sample(
            "clock.ticked", later=LONG / 2, second=second, previous_second=second - pause_s
        )

    soon = LATER._replace(time=tick(1).time + TOLD_GRACE)
    assert faults(RAISED, tick(1), soon) == ["raise_not_told"]
    assert faults(RAISED, tick(1_800), soon) == []
    assert faults(RAISED, tick(1_800), LATER, sample("clock.ticked", later=2 * LONG)) == [
        "raise_not_told"
    ]


def test_findings_name_their_subject() -> None:
    audit = Audit()
    for recorded in (REQUEST, OTHERS_ANSWER, RAISED, LATER):
        audit.see(recorded)
    assert {finding.subject for finding in audit.findings()} == {CHECK_ID, ALERT}
    assert (audit.checks, audit.alerts) == (1, 1)


def test_a_range_of_time_is_of_what_was_asked_or_raised_in_it() -> None:
    def found(**span: datetime) -> tuple[int, int, int]:
        audit = Audit(**span)
        for recorded in (REQUEST, OTHERS_ANSWER, RAISED, LATER):
            audit.see(recorded)
        return audit.checks, audit.alerts, len(list(audit.findings()))

    first, last = sorted((REQUEST.time, RAISED.time))
    assert found(since=first, until=last + LONG) == (1, 1, 2)
    assert found(since=last + LONG) == (0, 0, 0)
    assert found(until=first) == (0, 0, 0)
