"""One realistic instance of every event, of its newest version. Seals and hashes are of nothing."""

import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from arguslm_contracts.endpoint_state import EndpointState
from arguslm_contracts.events import (
    accounts,
    alerts,
    benchmarks,
    checks,
    history,
    probes,
    registry,
    spending,
)
from arguslm_contracts.events.base import Event
from arguslm_contracts.identity import derive, model_uuid
from arguslm_contracts.measurement import (
    Evidence,
    Measurement,
    ProbeProfile,
    SelfAudit,
    Stamp,
    Target,
    Timing,
    Usage,
)
from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.outcomes import FaultOwner, Outcome
from arguslm_contracts.probes import (
    JsonPathAssertion,
    JsonSchemaAssertion,
    LatencyAssertion,
    ProbeKind,
    RegexAssertion,
    StatusAssertion,
)

AT = datetime(2026, 11, 23, 9, 30, 0, 125_000, tzinfo=UTC)
SEALED = "gAAAAABpIsealed-by-a-key-that-nobody-kept=="
PROVIDER_ID = UUID("0f6a7a52-6a3b-4a3e-9c0e-3a2f5f0c9b11")
MODEL_ID = model_uuid(PROVIDER_ID, "gpt-4.1")
RULE_ID = UUID("7b1c2d3e-4f50-4617-8293-a4b5c6d7e8f9")
CHANNEL_ID = UUID("c3a9b0d4-5e6f-4a71-8b82-93c4d5e6f708")
PROBE_ID = UUID("ca9a57ee-6666-4777-8888-9999aaaabbbb")
BUDGET_ID = UUID("b0d9e700-6666-4777-8888-9999aaaabbbb")
ACCOUNT_ID = UUID("a1b2c3d4-e5f6-4071-8293-0a1b2c3d4e5f")
SESSION_ID = UUID("5e551017-0000-4000-8000-000000000001")
KEY_ID = UUID("6b657900-1111-4222-8333-444455556666")
MONITORING_RUN_ID = UUID("72756e00-2222-4333-8444-555566667777")
CHECK_ID = derive("check", MODEL_ID, "local", 1_795_426_200)
DISCOVERY_ID = UUID("d15c0000-3333-4444-8555-666677778888")
BENCHMARK_ID = UUID("be4c0000-4444-4555-8666-777788889999")
ALERT_ID = derive("alert", RULE_ID, MODEL_ID, CHECK_ID)
TEST_ID = UUID("7e570000-5555-4666-8777-88889999aaaa")

PROVIDER = registry.Provider(
    provider_id=PROVIDER_ID,
    provider_type="openai",
    display_name="OpenAI (production)",
    base_url=None,
    settings={"organization_id": "org-argus"},
    credentials=SEALED,
    monitor_discovered=True,
    created_at=AT,
)
MODEL = registry.Model(
    model_id=MODEL_ID,
    provider_id=PROVIDER_ID,
    name="gpt-4.1",
    custom_name="GPT 4.1, Europe",
    source="discovered",
    monitored=True,
    interval_s=30,
    metadata={"owned_by": "system", "context_window": 1_047_576},
    created_at=AT,
)
RULE = registry.Rule(
    rule_id=RULE_ID,
    name="GPT 4.1 is down",
    rule_type="specific_model_down",
    target_model_id=MODEL_ID,
    failures_to_raise=3,
    successes_to_resolve=2,
    channel_ids=(CHANNEL_ID,),
    created_at=AT,
)
CHANNEL = registry.Channel(
    channel_id=CHANNEL_ID, name="On call", kind="webhook", url=SEALED, created_at=AT
)
PROBE = probes.Probe(
    probe_id=PROBE_ID,
    name="Answers as JSON",
    kind=ProbeKind.JSON_SCHEMA,
    provider_id=PROVIDER_ID,
    cron="*/15 8-18 * * 1-5",
    answer_schema={"type": "object", "required": ["city"]},
    assertions=(
        StatusAssertion(),
        LatencyAssertion(metric="total_ms", at_most_ms=5000, level="warn"),
        RegexAssertion(pattern="Paris|Rome"),
        JsonPathAssertion(path="$.city", equals="Rome"),
        JsonSchemaAssertion(json_schema={"required": ["country"]}),
    ),
    created_at=AT,
)
BUDGET = registry.Budget(
    budget_id=BUDGET_ID,
    name="OpenAI, a dollar a day",
    provider_id=PROVIDER_ID,
    usd_per_day=1.0,
    created_at=AT,
)
ACCOUNT = accounts.Account(
    account_id=ACCOUNT_ID,
    username="io",
    role="operator",
    password_hash="scrypt$16384$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=",
    created_at=AT,
)
API_KEY = accounts.ApiKey(
    key_id=KEY_ID,
    name="continuous integration",
    role="viewer",
    key_hash="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    hint="x7Qk",
    created_at=AT,
    expires_at=AT + timedelta(days=90),
)
TARGET = Target(
    provider_id=str(PROVIDER_ID),
    provider_type="openai",
    provider_name="OpenAI (production)",
    settings={"organization_id": "org-argus"},
    credentials=SEALED,
    model="gpt-4.1",
)
ANSWERED = Measurement(
    outcome=Outcome.OK,
    fault_owner=FaultOwner.NONE,
    timing=Timing(
        schedule_delay_ms=1.207,
        dns_ms=3.41,
        connect_ms=11.902,
        tls_ms=23.755,
        headers_ms=187.31,
        first_byte_ms=188.004,
        first_token_ms=203.118,
        first_answer_token_ms=203.118,
        last_token_ms=622.771,
        max_gap_ms=41.09,
        total_ms=623.402,
        stamp=Stamp.KERNEL,
    ),
    usage=Usage(input_tokens=14, output_tokens=31, cached_tokens=0, source="reported"),
    tokens_per_s=71.487,
    evidence=Evidence(
        http_status=200,
        finish_reason="stop",
        provider_request_id="req_8f2c1e",
        answer_preview="Good morning! I am well, thank you.",
    ),
    audit=SelfAudit(loop_lag_ms=0.31),
)


def _changed_by_io(revision: int) -> dict[str, object]:
    return {"revision": revision, "actor": "io", "at": AT}


_REGISTRY: tuple[Event, ...] = (
    registry.ProviderRegistered(**_changed_by_io(1), provider=PROVIDER),
    registry.ProviderUpdated(
        **_changed_by_io(2), provider=PROVIDER, changed=("display_name", "credentials")
    ),
    registry.ProviderRemoved(**_changed_by_io(3), provider_id=PROVIDER_ID),
    registry.ModelRegistered(revision=1, actor="scheduler", at=AT, model=MODEL),
    registry.ModelUpdated(**_changed_by_io(2), model=MODEL, changed=("interval_s",)),
    registry.ModelRetired(
        revision=3,
        actor="discovery",
        at=AT,
        model=MODEL.model_copy(update={"retired_at": AT}),
    ),
    registry.ModelListed(
        revision=4,
        actor="discovery",
        at=AT,
        model=MODEL.model_copy(
            update={
                "facts": ModelFacts(
                    context_length=1_047_576,
                    input_usd_per_million_tokens=2.0,
                    output_usd_per_million_tokens=8.0,
                    owner="system",
                )
            }
        ),
        changed=("retired_at", "facts"),
    ),
    registry.ModelRemoved(**_changed_by_io(3), model_id=MODEL_ID),
    registry.MonitoringConfigured(
        **_changed_by_io(4), config=registry.MonitoringConfig(interval_s=45, max_tokens=40)
    ),
    registry.MonitoringRunRequested(
        **_changed_by_io(1), run_id=MONITORING_RUN_ID, model_ids=(MODEL_ID,)
    ),
    registry.RuleCreated(**_changed_by_io(1), rule=RULE),
    registry.RuleUpdated(**_changed_by_io(2), rule=RULE, changed=("failures_to_raise",)),
    registry.RuleRemoved(**_changed_by_io(3), rule_id=RULE_ID),
    probes.ProbeCreated(**_changed_by_io(1), probe=PROBE),
    probes.ProbeUpdated(**_changed_by_io(2), probe=PROBE, changed=("cron",)),
    probes.ProbeRemoved(**_changed_by_io(3), probe_id=PROBE_ID),
    registry.BudgetCreated(**_changed_by_io(1), budget=BUDGET),
    registry.BudgetUpdated(**_changed_by_io(2), budget=BUDGET, changed=("usd_per_day",)),
    registry.BudgetReserved(
        **_changed_by_io(3),
        budget=BUDGET,
        run_id=BENCHMARK_ID,
        day=AT.replace(hour=0, minute=0, second=0, microsecond=0),
        usd=0.25,
    ),
    registry.BudgetRemoved(**_changed_by_io(4), budget_id=BUDGET_ID),
    spending.SpendingReported(
        budget_id=BUDGET_ID,
        budget_name="OpenAI, a dollar a day",
        day=AT.replace(hour=0, minute=0, second=0, microsecond=0),
        used_percent=80,
        used_usd=0.802117,
        usd_per_day=1.0,
        at=AT,
    ),
    registry.ChannelCreated(**_changed_by_io(1), channel=CHANNEL),
    registry.ChannelUpdated(**_changed_by_io(2), channel=CHANNEL, changed=("url",)),
    registry.ChannelRemoved(**_changed_by_io(3), channel_id=CHANNEL_ID),
    accounts.AccountCreated(**_changed_by_io(1), account=ACCOUNT),
    accounts.AccountUpdated(**_changed_by_io(2), account=ACCOUNT, changed=("role",)),
    accounts.AccountRemoved(**_changed_by_io(3), account_id=ACCOUNT_ID),
    accounts.SessionEnded(
        **_changed_by_io(1), session_id=SESSION_ID, expires_at=AT + timedelta(days=7)
    ),
    accounts.ApiKeyCreated(**_changed_by_io(1), api_key=API_KEY),
    accounts.ApiKeyRevoked(**_changed_by_io(2), key_id=KEY_ID),
)


def _speeds(low: float, high: float) -> history.Speeds:
    """A metric of 60 answers, spread evenly on a logarithmic scale."""
    values = [low * (high / low) ** (number / 59) for number in range(60)]
    buckets = Counter(math.ceil(math.log(value) / math.log(1.01 / 0.99)) for value in values)
    sketch = {str(bucket): count for bucket, count in sorted(buckets.items())}
    return history.Speeds(n=60, sum=round(sum(values), 6), sketch=sketch)


HOUR = AT.replace(minute=0, second=0, microsecond=0)
LAST_ID = derive("check", MODEL_ID, "local", 1_795_429_740)
LAST_DUE = HOUR + timedelta(minutes=59)
STANDING = history.Standing(
    consecutive_failures=0,
    consecutive_successes=4_812,
    usable=True,
    since=HOUR - timedelta(days=3, minutes=12),
    conclusive_at=LAST_DUE + timedelta(milliseconds=662),
    last_check_id=LAST_ID,
    last_due_at=LAST_DUE,
    last_completed_at=LAST_DUE + timedelta(milliseconds=662),
    last_outcome="ok",
    last_fault_owner="none",
    last_says="answered",
    last_ttft_ms=214.381,
    last_tokens_per_s=87.25,
)

_CHECKS: tuple[Event, ...] = (
    checks.CheckRequested(
        request_id=CHECK_ID,
        model_id=MODEL_ID,
        location="local",
        due_at=AT,
        expires_at=AT + timedelta(seconds=30),
        target=TARGET,
        probe=ProbeProfile(prompt="Reply with one short greeting.", max_tokens=40),
    ),
    checks.CheckAbandoned(
        request_id=CHECK_ID,
        model_id=MODEL_ID,
        location="local",
        since=AT,
        until=AT + timedelta(seconds=150),
    ),
    checks.CheckCompleted(
        check_id=CHECK_ID,
        model_id=MODEL_ID,
        provider_id=str(PROVIDER_ID),
        provider_type="openai",
        provider_name="OpenAI (production)",
        model="gpt-4.1",
        location="local",
        due_at=AT,
        started_at=AT + timedelta(milliseconds=1.207),
        completed_at=AT + timedelta(milliseconds=662),
        measurement=ANSWERED,
    ),
    checks.CheckReclassified(
        check_id=CHECK_ID,
        model_id=MODEL_ID,
        provider_id=str(PROVIDER_ID),
        provider_type="openai",
        provider_name="OpenAI (production)",
        model="gpt-4.1",
        location="local",
        completed_at=AT + timedelta(milliseconds=662),
        was=Outcome.AUTH,
        measurement=Measurement(
            outcome=Outcome.REGION_BLOCKED,
            fault_owner=FaultOwner.MONITOR,
            taxonomy_version=2,
            timing=Timing(headers_ms=41.2, total_ms=41.9, stamp=Stamp.LOOP),
            evidence=Evidence(
                http_status=403,
                error_type="request_forbidden",
                error_code="unsupported_country_region_territory",
                message="Country, region, or territory not supported",
            ),
        ),
    ),
    checks.DiscoveryRequested(request_id=DISCOVERY_ID, provider_id=PROVIDER_ID, target=TARGET),
    checks.DiscoveryCompleted(
        request_id=DISCOVERY_ID,
        provider_id=PROVIDER_ID,
        outcome=Outcome.OK,
        models=(
            checks.DiscoveredModel(name="gpt-4.1", metadata={"owned_by": "system"}),
            checks.DiscoveredModel(name="meta-llama/Llama-3-70b"),
        ),
        completed_at=AT,
    ),
    history.CheckSummarized(
        model_id=MODEL_ID,
        location="local",
        hour=HOUR,
        stored_in=HOUR,
        first_check_id=CHECK_ID,
        first_completed_at=HOUR + timedelta(milliseconds=662),
        last_completed_at=LAST_DUE + timedelta(milliseconds=662),
        checks=61,
        available=60,
        unavailable=1,
        excluded=0,
        usable=60,
        unusable=1,
        outcomes={"ok": 60, "timeout_first_token": 1},
        ttft_ms=_speeds(180.0, 420.0),
        tokens_per_s=_speeds(60.0, 110.0),
        total_ms=_speeds(500.0, 1_400.0),
        standing=STANDING,
        endpoint=EndpointState(
            model_id=MODEL_ID,
            location="local",
            consecutive_failures=0,
            consecutive_successes=4_812,
            since=HOUR - timedelta(days=3, minutes=11),
            outcome=Outcome.OK,
            fault_owner=FaultOwner.NONE,
            due_at=LAST_DUE,
            check_id=LAST_ID,
            completed_at=LAST_DUE + timedelta(milliseconds=662),
        ),
    ),
    history.HourClosed(
        hour=HOUR,
        summaries=100,
        checks=6_012,
        through_sequence=12_984_071,
        given_up_through=1_310_443,
        given_up_before=HOUR - timedelta(days=90),
    ),
    checks.ClockTicked(second=1_795_426_200, previous_second=1_795_426_199),
)

_BENCHMARKS: tuple[Event, ...] = (
    benchmarks.BenchmarkRequested(
        run_id=BENCHMARK_ID,
        title="Europe, November",
        plan=benchmarks.BenchmarkPlan(
            targets=(
                benchmarks.BenchmarkTarget(
                    model_id=MODEL_ID, display_name="GPT 4.1, Europe", target=TARGET
                ),
            ),
            prompt_pack="shakespeare",
            prompt="Write a short passage about a ship that is lost at sea.",
            max_tokens=150,
            runs=10,
            concurrency=2,
            limits=benchmarks.Limits(overall=20, per_provider=4, per_model=2),
        ),
        requested_by="io",
        requested_at=AT,
    ),
    benchmarks.BenchmarkStarted(run_id=BENCHMARK_ID, started_at=AT),
    benchmarks.BenchmarkSampled(
        run_id=BENCHMARK_ID,
        model_id=MODEL_ID,
        warmup=False,
        index=3,
        started_at=AT,
        measurement=ANSWERED,
    ),
    benchmarks.BenchmarkCancelRequested(run_id=BENCHMARK_ID, requested_by="io", requested_at=AT),
    benchmarks.BenchmarkCompleted(
        run_id=BENCHMARK_ID,
        status="cancelled",
        message="cancelled by io after 14 of 20 requests",
        completed_at=AT,
    ),
    benchmarks.BenchmarkRemoved(run_id=BENCHMARK_ID, removed_by="io", removed_at=AT),
)

_NOTIFICATION = {
    "alert_id": ALERT_ID,
    "channel_id": CHANNEL_ID,
    "channel_name": "On call",
    "at": AT,
}

_ALERTS: tuple[Event, ...] = (
    alerts.AlertRaised(
        alert_id=ALERT_ID,
        rule_id=RULE_ID,
        rule_name="GPT 4.1 is down",
        rule_type="specific_model_down",
        severity="critical",
        model_id=MODEL_ID,
        model_name="GPT 4.1, Europe",
        provider_name="OpenAI (production)",
        outcome=Outcome.SERVER_ERROR,
        fault_owner=FaultOwner.PROVIDER,
        since=AT - timedelta(seconds=60),
        raised_at=AT,
        message="GPT 4.1, Europe at OpenAI (production) failed with a server error.",
        channel_ids=(CHANNEL_ID,),
    ),
    alerts.AlertResolved(
        alert_id=ALERT_ID,
        rule_id=RULE_ID,
        model_id=MODEL_ID,
        reason="recovered",
        resolved_at=AT + timedelta(minutes=4),
        message="GPT 4.1, Europe at OpenAI (production) answers again.",
        channel_ids=(CHANNEL_ID,),
    ),
    alerts.AlertAcknowledged(alert_id=ALERT_ID, acknowledged_by="io", acknowledged_at=AT),
    alerts.NotificationTestRequested(test_id=TEST_ID, channel_id=CHANNEL_ID, requested_by="io"),
    alerts.NotificationDelivered(**_NOTIFICATION, transition="raised", attempts=1),
    alerts.NotificationFailed(
        **_NOTIFICATION, transition="resolved", attempts=8, error="HTTP status 503"
    ),
)

EXAMPLES: tuple[Event, ...] = (*_REGISTRY, *_CHECKS, *_BENCHMARKS, *_ALERTS)
BY_TYPE: dict[str, Event] = {example.event_type(): example for example in EXAMPLES}
