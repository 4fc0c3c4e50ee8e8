"""Rules on probes, on a real bus and both databases: so many failures in a row, no model down."""

from uuid import UUID

import pytest
from alerting_bench import Stage
from alerting_stories import DOWN, OK, at, check, model_id, rule, ruled, watched

from arguslm_alerting.projections import SERVICE_TABLES
from arguslm_alerting.situation import load_probes
from arguslm_alerting.verdicts import MOST_KNOWN
from arguslm_bus.rebuild import verify
from arguslm_contracts.events import registry
from arguslm_contracts.events.alerts import AlertRaised
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.events.probes import Probe, ProbeCreated, ProbeRemoved, ProbeUpdated
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import Finding, Level, ProbeKind
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests


@pytest.fixture
def stage(bus: BusForTests) -> Stage:
    return Stage(bus)


CANARY = Probe(
    probe_id=UUID(int=1),
    name="Right answer",
    kind=ProbeKind.CANARY,
    interval_s=60,
    created_at=at(0),
)
OTHER = CANARY.model_copy(update={"probe_id": UUID(int=2), "name": "Other"})


def probed(
    second: float,
    level: Level | None = None,
    *,
    probe: Probe = CANARY,
    name: str = "gpt",
    outcome: Outcome = OK,
) -> CheckCompleted:
    """A check of a probe that found something at this level, or nothing."""
    asked = check(name, second, outcome)
    found = Finding(
        about="canary", level=level or "warn", code="wrong_answer", message="it is wrong"
    )
    measured = asked.measurement.model_copy(update={"findings": (found,) if level else ()})
    return asked.model_copy(
        update={
            "check_id": derive("probe", probe.probe_id, name, str(second)),
            "probe_id": probe.probe_id,
            "kind": probe.kind,
            "measurement": measured,
        }
    )


def on_probe(name: str, probe: Probe | None = None) -> registry.Rule:
    return rule(
        name,
        "probe_failed",
        target_probe_id=probe and probe.probe_id,
        failures_to_raise=2,
        successes_to_resolve=2,
    )


STORY: list[tuple[Event, list[str]]] = [
    (probed(1, "fail"), []),
    (probed(2, "warn"), []),
    (probed(3, "fail"), []),
    (probed(4, "fail"), ["raised Right answer"]),
    (probed(5, "fail"), []),
    # Neither liveness, nor another probe, nor what never came to an answer says anything of it.
    (check("gpt", 6, OK), []),
    (probed(7, probe=OTHER), []),
    (probed(8, outcome=DOWN), []),
    (probed(9), []),
    (probed(10), ["resolved recovered"]),
    (probed(11, "fail", probe=OTHER), []),
    (probed(12, "fail", probe=OTHER), ["raised Other"]),
    (
        ProbeUpdated(revision=2, at=at(13), probe=OTHER.model_copy(update={"enabled": False})),
        ["resolved probe_removed"],
    ),
    (probed(14, "fail"), []),
    (probed(15, "fail"), ["raised Right answer"]),
    (ProbeRemoved(revision=2, at=at(16), probe_id=CANARY.probe_id), ["resolved probe_removed"]),
    (probed(17, "fail"), []),
]


async def test_a_rule_on_probes_raises_after_so_many_failures_and_no_model_is_down(
    stage: Stage, database: Database, shadow: Database, bus: BusForTests
) -> None:
    defined = [ProbeCreated(revision=1, at=at(0), probe=one) for one in (CANARY, OTHER)]
    await stage.say(*watched("gpt"), *defined, *ruled(rule(), on_probe("probes")))
    names = {one.probe_id: one.name for one in (CANARY, OTHER)}
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        for event, expected in STORY:
            before = len(await stage.alerts())
            await stage.say(event)
            await stage.judged(decider)
            said = [
                f"raised {names.get(one.probe_id or UUID(int=0))}"
                if isinstance(one, AlertRaised)
                else f"resolved {one.reason}"
                for one in (await stage.alerts())[before:]
            ]
            assert said == expected, event
        client = await bus.client("alerting")
        assert await verify(client, database, shadow, SERVICE_TABLES, lambda *_: None) == []
    raised = (await stage.alerts())[0]
    assert isinstance(raised, AlertRaised)
    assert (raised.model_id, raised.since) == (model_id("gpt"), at(3))
    assert "The probe Right answer fails at gpt at Acme since" in raised.message
    assert raised.message.endswith("it is wrong.")


async def test_a_rule_on_one_probe_looks_at_no_other(stage: Stage, database: Database) -> None:
    defined = [ProbeCreated(revision=1, at=at(0), probe=one) for one in (CANARY, OTHER)]
    await stage.say(*watched("gpt"), *defined, *ruled(on_probe("one", OTHER)))
    async with stage.deciding(database) as decider:
        await stage.say(*(probed(second, "fail") for second in (1, 2, 3)))
        await stage.say(*(probed(second, "fail", probe=OTHER) for second in (4, 5)))
        await stage.judged(decider)
    (raised,) = await stage.alerts()
    assert raised.probe_id == OTHER.probe_id


async def test_what_is_known_of_a_probe_goes_with_its_checks(
    stage: Stage, database: Database, shadow: Database, bus: BusForTests
) -> None:
    await stage.say(*watched("gpt", "calm"), ProbeCreated(revision=1, at=at(0), probe=CANARY))
    many = [probed(second, "fail") for second in range(1, MOST_KNOWN + 4)]
    await stage.say(probed(1, "fail", name="calm"), *many)
    async with stage.deciding(database) as decider:
        await stage.judged(decider)
        client = await bus.client("alerting")
        assert await verify(client, database, shadow, SERVICE_TABLES, lambda *_: None) == []
        closed = HourClosed(
            hour=at(0).replace(minute=0),
            through_sequence=3,
            checks=3,
            summaries=1,
            given_up_through=MOST_KNOWN + 2,
            given_up_before=at(2),
        )
        await stage.say(closed, probed(100))
        await stage.judged(decider)
        async with database.reading() as connection:
            (left,) = await load_probes(connection)
        # Of 13 the newest two and the later one; of the other model nothing.
        assert left.failures == ("it is wrong", "it is wrong", None)
        assert await verify(client, database, shadow, SERVICE_TABLES, lambda *_: None) == []
