"""Judging, as a table: which checks raise and resolve what, and in which words."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

import pytest
from alerting_stories import DOWN, OK, SILENT, at, check, checks, model_id, rule

from arguslm_alerting import wording
from arguslm_alerting.model import (
    KnownRule,
    Model,
    OpenAlert,
    Situation,
    Tipping,
    judge,
)
from arguslm_contracts.endpoint_state import EndpointState, evolve
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.registry import Rule
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import FaultOwner, Outcome


def run_of(outcomes: list[Outcome]) -> EndpointState | None:
    state: EndpointState | None = None
    for one in checks("gpt", outcomes):
        state = evolve(state, one)
    return state


@pytest.mark.parametrize(
    ("outcomes", "failures", "successes", "since"),
    [
        ([OK], 0, 1, 1),
        ([DOWN], 1, 0, 1),
        ([OK, DOWN, DOWN], 2, 0, 2),
        ([DOWN, DOWN, OK], 0, 1, 3),
        ([DOWN, SILENT, DOWN], 2, 0, 1),
        ([OK, SILENT, SILENT, OK], 0, 2, 1),
        ([DOWN, Outcome.MONITOR_ERROR, Outcome.EXPIRED, Outcome.AUTH, DOWN], 2, 0, 1),
        ([DOWN, Outcome.TRUNCATED], 0, 1, 2),
        ([OK, Outcome.EMPTY, Outcome.MODEL_GONE, Outcome.DNS], 3, 0, 2),
    ],
)
def test_a_run_is_counted_from_its_first_check(
    outcomes: list[Outcome], failures: int, successes: int, since: int
) -> None:
    state = run_of(outcomes)
    assert state is not None
    assert (state.consecutive_failures, state.consecutive_successes) == (failures, successes)
    assert state.since == at(since)


def test_outcomes_that_say_nothing_make_no_state() -> None:
    assert run_of([SILENT, Outcome.AUTH, Outcome.SKIPPED]) is None


def test_connection_tests_do_not_count() -> None:
    assert evolve(None, check("gpt", 1, DOWN, purpose="connection_test")) is None


def test_manual_checks_count() -> None:
    assert evolve(None, check("gpt", 1, DOWN, purpose="manual")) is not None


def test_a_state_moves_only_forward_in_due_time_and_a_twin_counts_once() -> None:
    newest = evolve(evolve(None, check("gpt", 10, DOWN)), check("gpt", 20, DOWN))
    assert newest is not None
    for late in (check("gpt", 15, OK), check("gpt", 20, DOWN), check("gpt", 10, DOWN)):
        assert evolve(newest, late) is newest


def test_since_and_completion_are_the_checks_own_times() -> None:
    slow = check("gpt", 10, DOWN, completed_at=at(14))
    state = evolve(None, slow)
    assert state is not None
    assert (state.since, state.completed_at, state.due_at) == (at(14), at(14), at(10))


@dataclass
class House:
    """Judges event by event and keeps what follows, as the tables do."""

    rules: list[Rule]
    models: list[Model]
    states: dict[tuple[str, str], EndpointState] = field(default_factory=dict)
    open_alerts: list[OpenAlert] = field(default_factory=list)
    removed_rules: set[str] = field(default_factory=set)

    def see(self, *seen: CheckCompleted) -> list[str]:
        """What was said, as "raised <second> <who>" and "resolved <second> <who> <reason>"."""
        said: list[str] = []
        for one in seen:
            key = (one.model, one.location)
            after = evolve(self.states.get(key), one)
            if after is not None:
                self.states[key] = after
            said += self.judge(Tipping(one.event_id, one.completed_at, is_check=True))
        return said

    def change(self, second: int) -> list[str]:
        """The registry changed."""
        return self.judge(Tipping(f"registry:{second}", at(second), is_check=False))

    def judge(self, tipping: Tipping) -> list[str]:
        models = [
            replace(one, states=tuple(s for (m, _), s in self.states.items() if m == one.name))
            for one in self.models
        ]
        known = [KnownRule(one, one.name in self.removed_rules) for one in self.rules]
        said = judge(Situation(known, models, list(self.open_alerts)), tipping)
        return [self._keep(one) for one in said]

    def _keep(self, said: AlertRaised | AlertResolved) -> str:
        if isinstance(said, AlertRaised):
            self.open_alerts.append(
                OpenAlert(
                    said.alert_id,
                    said.rule_id,
                    said.model_id,
                    said.model_name,
                    said.provider_name,
                    said.since,
                    said.channel_ids,
                )
            )
            return f"raised {(said.raised_at - at(0)).seconds} {said.model_name}"
        (ended,) = [one for one in self.open_alerts if one.alert_id == said.alert_id]
        self.open_alerts.remove(ended)
        seconds = (said.resolved_at - at(0)).seconds
        return f"resolved {seconds} {ended.model_name} {said.reason}"


def watched(
    name: str,
    *,
    provider: str = "Acme",
    custom_name: str | None = None,
    watch: Literal["on", "off", "removed", "unknown"] = "on",
    since: float = 0,
) -> Model:
    on_since = at(since) if watch == "on" else None
    return Model(model_id(name), name, custom_name, provider, watch, on_since)


@pytest.mark.parametrize(
    ("failures", "successes", "outcomes", "said"),
    [
        (1, 1, [DOWN], ["raised 1 gpt"]),
        (1, 1, [DOWN, OK], ["raised 1 gpt", "resolved 2 gpt recovered"]),
        (2, 2, [DOWN], []),
        (2, 2, [DOWN, OK, DOWN, OK], []),
        (2, 2, [DOWN, DOWN], ["raised 2 gpt"]),
        (2, 2, [DOWN, DOWN, DOWN, DOWN], ["raised 2 gpt"]),
        (2, 2, [DOWN, DOWN, OK], ["raised 2 gpt"]),
        (2, 2, [DOWN, DOWN, OK, DOWN, OK, DOWN, DOWN], ["raised 2 gpt"]),
        (2, 2, [DOWN, DOWN, OK, OK], ["raised 2 gpt", "resolved 4 gpt recovered"]),
        (2, 2, [DOWN, DOWN, OK, SILENT, OK], ["raised 2 gpt", "resolved 5 gpt recovered"]),
        (3, 1, [DOWN, SILENT, DOWN, SILENT, DOWN], ["raised 5 gpt"]),
        (
            2,
            1,
            [DOWN, DOWN, OK, DOWN, DOWN],
            ["raised 2 gpt", "resolved 3 gpt recovered", "raised 5 gpt"],
        ),
        (2, 2, [OK, OK, SILENT, SILENT], []),
    ],
)
def test_n_failures_raise_and_m_successes_resolve(
    failures: int, successes: int, outcomes: list[Outcome], said: list[str]
) -> None:
    one = rule(failures_to_raise=failures, successes_to_resolve=successes)
    assert House([one], [watched("gpt")]).see(*checks("gpt", outcomes)) == said


def test_any_model_down_has_one_incident_for_each_model() -> None:
    house = House([rule()], [watched("gpt"), watched("llama")])
    assert house.see(*checks("gpt", [DOWN, DOWN, DOWN])) == ["raised 2 gpt"]
    assert house.see(*checks("llama", [DOWN, DOWN])) == ["raised 2 llama"]
    assert house.see(check("gpt", 4), check("gpt", 5)) == ["resolved 5 gpt recovered"]


def test_specific_model_down_looks_at_its_model_only() -> None:
    one = rule("one", "specific_model_down", target_model_id=model_id("gpt"))
    house = House([one], [watched("gpt"), watched("llama")])
    assert house.see(*checks("llama", [DOWN, DOWN])) == []
    assert house.see(*checks("gpt", [DOWN, DOWN])) == ["raised 2 gpt"]


def test_two_rules_on_one_model_are_two_incidents() -> None:
    slow = rule("slow", failures_to_raise=3)
    house = House([rule(), slow], [watched("gpt")])
    assert house.see(*checks("gpt", [DOWN] * 4)) == ["raised 2 gpt", "raised 3 gpt"]
    assert len({alert.alert_id for alert in house.open_alerts}) == 2


EVERYWHERE = rule("everywhere", "model_unavailable_everywhere", target_model_name="LLAMA-3")


def test_everywhere_needs_every_matching_monitored_model_down() -> None:
    models = [
        watched("llama-3-8b"),
        watched("meta/Llama-3", provider="Other"),
        watched("own", custom_name="my llama-3"),
        watched("gpt"),
        watched("llama-3-off", watch="off"),
    ]
    house = House([EVERYWHERE], models)
    assert house.see(*checks("llama-3-8b", [DOWN] * 3)) == []
    assert house.see(*checks("meta/Llama-3", [DOWN, DOWN])) == []
    assert house.see(*checks("own", [DOWN, DOWN, DOWN])) == ["raised 2 LLAMA-3"]
    assert house.open_alerts[0].provider_name == "Acme, Other"
    assert house.see(*checks("meta/Llama-3", [OK, OK], first=9)) == [
        "resolved 10 LLAMA-3 recovered"
    ]


def test_everywhere_is_not_raised_while_a_matching_model_has_not_reported() -> None:
    house = House([EVERYWHERE], [watched("llama-3-a"), watched("llama-3-b")])
    assert house.see(*checks("llama-3-a", [DOWN] * 5)) == []


def test_everywhere_without_a_name_matches_nothing() -> None:
    nameless = rule("nameless", "model_unavailable_everywhere", target_model_name="")
    assert House([nameless], [watched("gpt")]).see(*checks("gpt", [DOWN] * 3)) == []


def test_with_several_locations_down_is_down_at_each_and_up_is_up_at_one() -> None:
    house = House([rule()], [watched("gpt")])
    rounds = [
        check("gpt", second, outcome, location=location)
        for second, here, there in [
            (1, OK, OK),
            (2, DOWN, OK),
            (3, DOWN, OK),
            (4, DOWN, DOWN),
            (5, DOWN, DOWN),
            (6, DOWN, OK),
            (7, DOWN, OK),
        ]
        for location, outcome in (("here", here), ("there", there))
    ]
    assert house.see(*rounds) == ["raised 5 gpt", "resolved 7 gpt recovered"]


def test_down_everywhere_began_when_the_last_location_began_to_fail() -> None:
    house = House([rule()], [watched("gpt")])
    for second, there in [(1, OK), (2, DOWN), (3, DOWN)]:
        house.see(check("gpt", second, DOWN, location="here"))
        house.see(check("gpt", second, there, location="there"))
    assert house.open_alerts[0].since == at(2)


def test_a_location_that_fell_silent_hides_no_outage() -> None:
    house = House([rule()], [watched("gpt")])
    house.see(check("gpt", 1, OK, location="gone"), check("gpt", 1, OK, location="here"))
    failing = [check("gpt", 2 + n, DOWN, location="here") for n in range(4)]
    assert house.see(*failing) == ["raised 4 gpt"]


def test_checks_from_before_monitoring_began_prove_nothing() -> None:
    house = House([rule()], [watched("gpt", since=100)])
    assert house.see(*checks("gpt", [DOWN] * 5)) == []
    assert house.see(check("gpt", 101, DOWN)) == ["raised 101 gpt"]


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        ("off", ["resolved 50 gpt monitoring_off"]),
        ("retired", ["resolved 50 gpt model_retired"]),
        ("removed", ["resolved 50 gpt model_removed"]),
        ("unknown", []),
    ],
)
def test_an_alert_ends_with_the_watching(
    watch: Literal["off", "retired", "removed", "unknown"], said: list[str]
) -> None:
    house = House([rule()], [watched("gpt")])
    house.see(*checks("gpt", [DOWN, DOWN]))
    house.models = [watched("gpt", watch=watch)]
    assert house.change(50) == said


def test_a_model_that_is_not_read_yet_ends_no_alert() -> None:
    house = House([rule(), EVERYWHERE], [watched("llama-3")])
    house.see(*checks("llama-3", [DOWN, DOWN]))
    house.models = []
    assert house.change(50) == []


def test_a_rule_that_ends_ends_its_alerts_and_one_that_begins_raises_at_once() -> None:
    house = House([rule()], [watched("gpt")])
    house.see(*checks("gpt", [DOWN] * 3))
    house.rules = [rule(enabled=False)]
    assert house.change(50) == ["resolved 50 gpt rule_disabled"]
    house.rules = [rule()]
    assert house.change(60) == ["raised 60 gpt"]
    house.removed_rules = {"any"}
    assert house.change(70) == ["resolved 70 gpt rule_removed"]
    assert house.change(80) == []


def test_a_changed_rule_raises_at_once_but_only_a_check_proves_recovery() -> None:
    house = House([rule(failures_to_raise=5)], [watched("gpt")])
    house.see(*checks("gpt", [DOWN] * 3))
    house.rules = [rule(failures_to_raise=3)]
    assert house.change(50) == ["raised 50 gpt"]
    house.see(check("gpt", 51, OK))
    house.rules = [rule(failures_to_raise=3, successes_to_resolve=1)]
    assert house.change(60) == []
    assert house.see(check("gpt", 61, OK)) == ["resolved 61 gpt recovered"]


def test_everywhere_ends_when_nothing_that_matches_is_watched() -> None:
    house = House([EVERYWHERE], [watched("llama-3"), watched("llama-3b", watch="removed")])
    house.see(*checks("llama-3", [DOWN, DOWN]))
    house.models[0] = watched("llama-3", watch="off")
    assert house.change(50) == ["resolved 50 LLAMA-3 monitoring_off"]


def test_an_alert_is_named_after_rule_target_and_cause_and_says_who_what_and_since_when() -> None:
    channel_id = derive("channel", "c")
    one = rule(channel_ids=(channel_id,), severity="warning", notify_in_app=False)
    states = tuple(s for s in [run_of([OK, DOWN, Outcome.OVERLOADED])] if s)
    seen = replace(watched("gpt", custom_name="Our GPT"), states=states)
    situation = Situation([KnownRule(one)], [seen], [])
    tipping = Tipping("check.completed:1", at(3), is_check=True)
    (raised,) = judge(situation, tipping)
    (again,) = judge(situation, tipping)
    (other,) = judge(situation, replace(tipping, event_id="check.completed:2"))
    assert isinstance(raised, AlertRaised)
    assert raised == again
    assert raised.alert_id != other.alert_id
    assert raised.alert_id == derive("alert", one.rule_id, seen.model_id, "check.completed:1")
    assert (raised.rule_name, raised.severity, raised.channel_ids) == (
        "any",
        "warning",
        (channel_id,),
    )
    assert (raised.outcome, raised.fault_owner) == (Outcome.OVERLOADED, FaultOwner.PROVIDER)
    assert (raised.since, raised.raised_at) == (at(2), at(3))
    assert raised.message == (
        "Our GPT at Acme has been down since 2026-11-23 10:00:02 UTC: "
        "it says that it is overloaded; the fault is the provider's."
    )


def test_a_resolve_says_how_long_it_lasted_and_goes_to_the_same_channels() -> None:
    channel_id = derive("channel", "c")
    alert = OpenAlert(
        derive("a"), rule().rule_id, model_id("gpt"), "gpt", "Acme", at(0), (channel_id,)
    )
    up = replace(watched("gpt"), states=tuple(s for s in [run_of([OK, OK])] if s))
    tipping = Tipping("check.completed:9", at(725), is_check=True)
    (resolved,) = judge(Situation([KnownRule(rule())], [up], [alert]), tipping)
    assert isinstance(resolved, AlertResolved)
    assert (resolved.alert_id, resolved.channel_ids) == (alert.alert_id, (channel_id,))
    assert resolved.message == "gpt at Acme is up again after 12 min 5 s."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (65, "1 min 5 s"),
        (3_600, "1 h"),
        (3_605, "1 h"),
        (90_061, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_durations_are_said_in_two_units(seconds: float, text: str) -> None:
    assert wording.duration(timedelta(seconds=seconds)) == text
