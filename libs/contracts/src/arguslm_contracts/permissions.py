"""Who may say and hear what on the bus. The NATS user configuration is generated from here."""

from dataclasses import dataclass

from arguslm_contracts import places
from arguslm_contracts.catalogue import EVENTS
from arguslm_contracts.streams import (
    ACCOUNTS,
    ALERTS,
    BENCHMARKS,
    CHECK_REQUESTS,
    CHECKS,
    CLOCK,
    DEAD_LETTERS,
    REGISTRY,
    STREAMS,
    StreamSpec,
)


@dataclass(frozen=True, slots=True)
class BusUser:
    """One program on the bus. `publishes` are subject patterns; `reads` are whole streams;
    `durables` are (stream, consumer name) of its competing workers; `purges` are streams whose
    given up events it removes; `takes_places`: it shares limits with others of its kind."""

    name: str
    publishes: tuple[str, ...]
    reads: tuple[StreamSpec, ...]
    durables: tuple[tuple[StreamSpec, str], ...] = ()
    purges: tuple[StreamSpec, ...] = ()
    takes_places: bool = False


SCHEDULER = BusUser(
    "scheduler",
    (
        "clock.ticked.>",
        "check.requested.>",
        "check.abandoned.>",
        "discovery.requested.>",
        "model.registered.>",
        "model.retired.>",
        "model.listed.>",
        "spending.reported.>",
        "dead.scheduler.>",
    ),
    (REGISTRY, CLOCK, CHECKS, CHECK_REQUESTS),
    # Not the one who says what is given up (query-api, which faces the world): it takes two.
    purges=(CHECKS,),
)
PROBER = BusUser(
    "prober",
    ("check.completed.>", "discovery.completed.>", "dead.prober.>"),
    (CHECK_REQUESTS, CHECKS),
    ((CHECK_REQUESTS, "prober-*"),),
    takes_places=True,
)
BENCHMARK_RUNNER = BusUser(
    "benchmark-runner",
    (
        "benchmark.started.>",
        "benchmark.sampled.>",
        "benchmark.completed.>",
        "dead.benchmark-runner.>",
    ),
    (BENCHMARKS,),
    ((BENCHMARKS, "benchmark-runner"),),
)
ALERTING = BusUser(
    "alerting",
    (
        "alert.raised.>",
        "alert.resolved.>",
        "notification.delivered.>",
        "notification.failed.>",
        "dead.alerting.>",
    ),
    (REGISTRY, CHECKS, ALERTS),
    (
        (ALERTS, "notifier-raised"),
        (ALERTS, "notifier-resolved"),
        (ALERTS, "notifier-test"),
    ),
)
QUERY_API = BusUser(
    "query-api",
    (
        "provider.>",
        "model.>",
        "monitoring.>",
        "rule.>",
        "channel.>",
        "budget.>",
        "probe.>",
        "silence.>",
        "maintenance.>",
        "benchmark-plan.>",
        "account.>",
        "api-key.>",
        "check.requested.>",
        "check.summarized.>",
        "history.closed.>",
        "discovery.requested.>",
        "benchmark.requested.>",
        "benchmark.cancel-requested.>",
        "benchmark.removed.>",
        "alert.acknowledged.>",
        "notification.test-requested.>",
        "dead.query-api.>",
    ),
    (REGISTRY, ACCOUNTS, CHECK_REQUESTS, CHECKS, BENCHMARKS, ALERTS, DEAD_LETTERS),
)
# Subscribers outside name their durables themselves; `must_not_publish` keeps them off ours.
SUBSCRIBER = BusUser(
    "subscriber",
    (),
    (CHECKS, BENCHMARKS, ALERTS),
    ((CHECKS, "*"), (BENCHMARKS, "*"), (ALERTS, "*")),
)

SERVICES: tuple[BusUser, ...] = (SCHEDULER, PROBER, BENCHMARK_RUNNER, ALERTING, QUERY_API)
USERS: tuple[BusUser, ...] = (*SERVICES, SUBSCRIBER)
OPERATOR = "operator"
# May do everything; this is what only a person at the machine has to say.
BY_OPERATOR = ("check.reclassified.>",)


def replay_durable(durable: str) -> str:
    """The durable in DEAD_LETTERS that brings a worker what a person wants it to take again."""
    return f"replay-{durable}"


def replay_subject(service: str, durable: str, letter: int | str) -> str:
    """Where a person asks a worker to take a dead letter again; `letter` is its number."""
    return f"dead.replay-requested.{service}.{durable}.{letter}"


def inbox_prefix(user: str) -> str:
    """Each user has an inbox of its own, so that none can listen to another's answers."""
    return f"_INBOX_{user.replace('-', '_')}"


def may_publish(user: BusUser) -> list[str]:
    """Every subject the user may publish to, JetStream's own API subjects included."""
    allowed = list(user.publishes)
    allowed.append("$JS.API.INFO")
    for stream in {s.name: s for s in (*user.reads, *_written(user))}.values():
        allowed.append(f"$JS.API.STREAM.INFO.{stream.name}")
    for stream in user.reads:
        allowed += [
            f"$JS.API.CONSUMER.CREATE.{stream.name}.>",
            f"$JS.API.CONSUMER.CREATE.{stream.name}",
            f"$JS.API.CONSUMER.DELETE.{stream.name}.>",
            f"$JS.API.CONSUMER.INFO.{stream.name}.>",
            f"$JS.API.CONSUMER.MSG.NEXT.{stream.name}.>",
            f"$JS.API.STREAM.MSG.GET.{stream.name}",
            f"$JS.API.DIRECT.GET.{stream.name}",
            f"$JS.API.DIRECT.GET.{stream.name}.>",
            f"$JS.FC.{stream.name}.>",
        ]
    for stream, _ in user.durables:
        allowed += [f"$JS.API.CONSUMER.DURABLE.CREATE.{stream.name}.>", f"$JS.ACK.{stream.name}.>"]
    allowed += [f"$JS.API.STREAM.PURGE.{stream.name}" for stream in user.purges]
    if user.takes_places:
        allowed += [places.SUBJECTS, f"$JS.API.STREAM.MSG.DELETE.{places.STREAM}"]
    return allowed + _may_replay(user)


def _may_replay(user: BusUser) -> list[str]:
    """A worker reads of DEAD_LETTERS what it is asked to take again, and no letter beside: the
    filter is part of the subject that creates the consumer."""
    allowed: list[str] = []
    for _, durable in user.durables if user in SERVICES else ():
        # The bus knows wildcards for whole tokens only.
        name = "*" if "*" in durable else replay_durable(durable)
        on = f"{DEAD_LETTERS.name}.{name}"
        allowed += [
            f"$JS.API.CONSUMER.CREATE.{on}.dead.replay-requested.{user.name}.>",
            f"$JS.API.CONSUMER.INFO.{on}",
            f"$JS.API.CONSUMER.MSG.NEXT.{on}",
            f"$JS.ACK.{on}.>",
        ]
    return allowed


def must_not_publish(user: BusUser) -> list[str]:
    """What `may_publish` allows too much: the durables of other users on streams it reads. Who
    could acknowledge, take from, change or delete them would make another's work disappear."""
    denied: list[str] = []
    for owner in USERS:
        for stream, name in owner.durables:
            if owner is user or "*" in name:
                continue
            if stream in user.reads:
                denied += _handling(f"{stream.name}.{name}")
            denied += _handling(f"{DEAD_LETTERS.name}.{replay_durable(name)}")
    return denied


def _handling(durable: str) -> list[str]:
    """Every way to touch a durable, given as `<stream>.<name>`."""
    return [
        f"$JS.ACK.{durable}.>",
        f"$JS.API.CONSUMER.CREATE.{durable}",
        f"$JS.API.CONSUMER.CREATE.{durable}.>",
        f"$JS.API.CONSUMER.DURABLE.CREATE.{durable}",
        f"$JS.API.CONSUMER.DELETE.{durable}",
        f"$JS.API.CONSUMER.MSG.NEXT.{durable}",
    ]


def may_subscribe(user: BusUser) -> list[str]:
    """Every subject the user may subscribe to: its own inbox, nothing else."""
    return [f"{inbox_prefix(user.name)}.>"]


def _written(user: BusUser) -> list[StreamSpec]:
    """The streams that keep what the user publishes (to ask whether they exist)."""
    prefixes = [pattern.split(".")[0] for pattern in user.publishes]
    return [
        stream
        for stream in STREAMS
        if any(subject.split(".")[0] in prefixes for subject in stream.subjects)
    ]


def publishers_of(event_name: str) -> list[str]:
    """Who has to publish an event: for the documentation and its test."""
    publishers = {user.name: user.publishes for user in SERVICES} | {OPERATOR: BY_OPERATOR}
    return [
        name
        for name, patterns in publishers.items()
        if any(
            event_name.startswith(pattern.removesuffix(".>") + ".")
            or event_name == pattern.removesuffix(".>")
            for pattern in patterns
        )
    ]


def readers_of(stream: StreamSpec) -> list[str]:
    """The services that may read a stream."""
    return [user.name for user in SERVICES if stream in user.reads]


def event_names() -> list[str]:
    return sorted({event.name for event in EVENTS})
