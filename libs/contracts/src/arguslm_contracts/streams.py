"""The streams: which subjects each one keeps, and for how long. Declared here and nowhere else."""

from dataclasses import dataclass
from datetime import timedelta

FOREVER = timedelta(0)


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """`max_age` zero keeps for ever. `dedup_window` is how long the broker remembers ids."""

    name: str
    subjects: tuple[str, ...]
    max_age: timedelta
    purpose: str
    dedup_window: timedelta = timedelta(minutes=2)


REGISTRY = StreamSpec(
    "REGISTRY",
    tuple(
        f"{noun}.>"
        for noun in (
            "provider",
            "model",
            "monitoring",
            "rule",
            "channel",
            "silence",
            "maintenance",
            "benchmark-plan",
            "account",
            "api-key",
        )
    ),
    FOREVER,
    "what is watched, how, and by whom",
)
CHECK_REQUESTS = StreamSpec(
    "CHECK_REQUESTS",
    ("check.requested.>", "discovery.requested.>"),
    timedelta(days=1),
    "work for the probers",
    dedup_window=timedelta(hours=1),
)
CHECKS = StreamSpec(
    "CHECKS",
    ("check.completed.>", "check.summarized.>", "discovery.completed.>"),
    timedelta(days=90),
    "what the probers found",
    dedup_window=timedelta(hours=1),
)
CLOCK = StreamSpec("CLOCK", ("clock.ticked.>",), timedelta(days=1), "the passing of time")
BENCHMARKS = StreamSpec(
    "BENCHMARKS", ("benchmark.>",), timedelta(days=365), "benchmark runs and every sample of them"
)
ALERTS = StreamSpec(
    "ALERTS",
    ("alert.>", "incident.>", "notification.>"),
    FOREVER,
    "what was judged, and who was told",
)
DEAD_LETTERS = StreamSpec(
    "DEAD_LETTERS", ("dead.>",), timedelta(days=90), "what could not be handled, with the reason"
)

STREAMS: tuple[StreamSpec, ...] = (
    REGISTRY,
    CHECK_REQUESTS,
    CHECKS,
    CLOCK,
    BENCHMARKS,
    ALERTS,
    DEAD_LETTERS,
)
