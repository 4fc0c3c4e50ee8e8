"""A day in the life of the house, with everything that makes folding hard."""

import random
from datetime import timedelta

from door_events import (
    OTHER,
    T0,
    Streams,
    acknowledged,
    added,
    benchmark,
    checked,
    configured,
    decided_again,
    discovered,
    measured,
    minute,
    model,
    provider,
    raised,
    registered,
    resolved,
    sample,
)

from arguslm_contracts.events import accounts, alerts, benchmarks, registry
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import Outcome

MODELS = [model("gpt-4.1"), model("o3"), model("gpt-4.1", OTHER)]
DOOMED = model("doomed", OTHER)

_OUTCOMES = [
    *[Outcome.OK] * 8,
    Outcome.SERVER_ERROR,
    Outcome.TIMEOUT_FIRST_TOKEN,
    Outcome.RATE_LIMITED,
    Outcome.CONTENT_FILTERED,
    Outcome.EXPIRED,
]


def tell() -> Streams:
    """Registrations, removals, two locations, late and doubled completions, checks decided again
    once and twice, a cancelled and a removed benchmark, alerts in every state. The same every
    time."""
    streams = Streams()
    streams.say(*_registry())
    streams.say(*_accounts())
    streams.say(*_checks())
    streams.say(*_benchmarks())
    streams.say(*_alerts())
    return streams


def _registry() -> list[Event]:
    gone = provider(derive("provider", "gone"), display_name="Gone")
    orphan = model("orphan", gone.provider_id)
    renamed = MODELS[0].model_copy(update={"custom_name": "Workhorse"})
    return [
        configured(1, minute(1), interval_s=30),
        registered(provider()),
        registered(provider(OTHER, display_name="Other", provider_type="ollama")),
        *(added(one) for one in (*MODELS, DOOMED)),
        registered(gone),
        added(orphan),
        registry.ProviderRemoved(revision=2, at=T0, provider_id=gone.provider_id),
        added(model("too late", gone.provider_id)),
        registry.ModelUpdated(revision=2, at=T0, model=renamed, changed=("custom_name",)),
        registry.ModelRetired(
            revision=2, at=T0, model=MODELS[1].model_copy(update={"retired_at": T0})
        ),
        configured(2, minute(2), interval_s=60),
        registry.ModelRemoved(revision=2, at=T0, model_id=DOOMED.model_id),
        registry.MonitoringRunRequested(
            revision=1, at=T0, run_id=derive("run"), model_ids=(MODELS[0].model_id,)
        ),
        added(DOOMED, revision=3),
    ]


def _accounts() -> list[Event]:
    ada, bob = (
        accounts.Account(
            account_id=derive(name),
            username=name,
            role="viewer",
            password_hash="scrypt$x",
            created_at=T0,
        )
        for name in ("ada", "bob")
    )
    keys = [
        accounts.ApiKey(
            key_id=derive("key", hint),
            name="ci",
            role="viewer",
            key_hash=hint * 16,
            hint=hint,
            created_at=T0,
        )
        for hint in ("abcd", "efgh")
    ]
    promoted = ada.model_copy(update={"role": "admin"})
    return [
        accounts.AccountCreated(revision=1, at=T0, account=ada),
        accounts.AccountCreated(revision=1, at=T0, account=bob),
        *(accounts.ApiKeyCreated(revision=1, at=T0, api_key=key) for key in keys),
        accounts.AccountUpdated(revision=2, at=T0, account=promoted, changed=("role",)),
        accounts.AccountRemoved(revision=2, at=T0, account_id=bob.account_id),
        accounts.ApiKeyRevoked(revision=2, at=T0, key_id=keys[0].key_id),
        accounts.SessionEnded(revision=1, at=T0, session_id=derive("s"), expires_at=minute(60)),
    ]


def _checks() -> list[Event]:
    chance = random.Random(20261101)
    completions: list[Event] = [discovered(["gpt-4.1", "o3"], minute(1))]
    for number in range(25):
        for one in (*MODELS, DOOMED):
            for location in ("east", "west"):
                result = measured(
                    chance.choice(_OUTCOMES),
                    ttft_ms=chance.uniform(80, 900),
                    tokens_per_s=chance.uniform(20, 120),
                    total_ms=chance.uniform(1_000, 3_000),
                )
                at = minute(number * 17) + timedelta(seconds=chance.randrange(60))
                completions.append(checked(one, at, result, location=location))
    completions.append(checked(MODELS[1], minute(3), run_id=derive("run"), purpose="manual"))
    completions.append(checked(MODELS[2], minute(4), purpose="connection_test"))
    twins = chance.sample(completions, 40)
    completions += [*twins[:20], *_second_thoughts(completions, chance), *twins[20:]]
    completions.append(discovered([], minute(2), Outcome.DNS))
    late = completions.pop(17)
    return [*completions, late]


def _second_thoughts(completions: list[Event], chance: random.Random) -> list[Event]:
    """Some checks are decided again, answered ones too, and some of these once more."""
    done = [one for one in completions if isinstance(one, CheckCompleted)]
    done = [one for one in done if one.purpose != "connection_test"]
    again = [decided_again(one, chance.choice(_OUTCOMES), 3) for one in chance.sample(done, 30)]
    chosen = {one.check_id for one in again}
    last = [decided_again(one, Outcome.OK, 3) for one in done[-6:] if one.check_id not in chosen]
    once_more = [decided_again(one, chance.choice(_OUTCOMES), 4) for one in again[:10]]
    return [*again, *last, *once_more]


def _benchmarks() -> list[Event]:
    said: list[Event] = []
    for number, ending in enumerate(("completed", "cancelled", "removed")):
        run_id = derive("benchmark", number)
        said += [
            benchmark(run_id, MODELS[:2], runs=4),
            benchmarks.BenchmarkStarted(run_id=run_id, started_at=minute(1)),
            sample(run_id, MODELS[0], 0, measured(), warmup=True),
            *(sample(run_id, one, index, measured()) for one in MODELS[:2] for index in range(3)),
            sample(run_id, MODELS[0], 1, measured()),
            sample(run_id, MODELS[0], 3, measured(Outcome.OVERLOADED, ttft_ms=None)),
        ]
        if ending == "cancelled":
            said.append(
                benchmarks.BenchmarkCancelRequested(
                    run_id=run_id, requested_by="ada", requested_at=minute(2)
                )
            )
        if ending == "removed":
            said.append(
                benchmarks.BenchmarkRemoved(run_id=run_id, removed_by="ada", removed_at=minute(2))
            )
            said.append(sample(run_id, MODELS[1], 3, measured()))
        status = "cancelled" if ending == "cancelled" else "completed"
        said.append(
            benchmarks.BenchmarkCompleted(run_id=run_id, status=status, completed_at=minute(3))
        )
    return said


def _alerts() -> list[Event]:
    open_one, closed, seen = (derive("alert", number) for number in range(3))
    told = {"channel_id": derive("channel"), "channel_name": "Team", "at": minute(2)}
    return [
        raised(open_one, MODELS[0], minute(1)),
        raised(closed, MODELS[1], minute(1)),
        alerts.NotificationFailed(
            alert_id=closed, transition="raised", attempts=5, error="refused", **told
        ),
        alerts.NotificationDelivered(alert_id=closed, transition="raised", attempts=6, **told),
        alerts.NotificationFailed(
            alert_id=closed, transition="raised", attempts=7, error="refused", **told
        ),
        acknowledged(closed, minute(2)),
        resolved(closed, MODELS[1], minute(4)),
        raised(seen, MODELS[2], minute(5)),
        acknowledged(seen, minute(6)),
    ]
