"""The streams: which subjects each one keeps, and for how long. Declared here and nowhere else."""

from dataclasses import dataclass
from datetime import timedelta

FOREVER = timedelta(0)


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """`max_age` zero keeps for ever; where `least_age` is given, a setting may choose another age,
    no shorter than that. `dedup_window` is how long the broker remembers ids.

    `ages` is the subject that alone grows old, and only after it has been summarised; the broker
    then keeps the stream for ever. Without it the broker drops all that is older than `max_age`.
    """

    name: str
    subjects: tuple[str, ...]
    max_age: timedelta
    purpose: str
    dedup_window: timedelta = timedelta(minutes=2)
    least_age: timedelta | None = None
    ages: str | None = None

    @property
    def setting(self) -> str:
        """The setting that chooses its age, such as `retention_checks_days`."""
        return f"retention_{self.name.lower()}_days"


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
            "budget",
            "probe",
            "silence",
            "maintenance",
            "benchmark-plan",
        )
    ),
    FOREVER,
    "what is watched, and how",
)
# Apart from the registry, which many read: these events carry the hashes of passwords and keys.
ACCOUNTS = StreamSpec(
    "ACCOUNTS",
    ("account.>", "api-key.>"),
    FOREVER,
    "who may come in",
)
CHECK_REQUESTS = StreamSpec(
    "CHECK_REQUESTS",
    ("check.requested.>", "check.abandoned.>", "discovery.requested.>"),
    timedelta(days=1),
    "work for the probers",
    dedup_window=timedelta(hours=1),
    least_age=timedelta(days=1),
)
CHECKS = StreamSpec(
    "CHECKS",
    (
        "check.completed.>",
        "check.reclassified.>",
        "check.summarized.>",
        "discovery.completed.>",
        "history.>",
        "spending.>",
    ),
    timedelta(days=90),
    "what the probers found",
    dedup_window=timedelta(hours=1),
    # Longer than any request waits, and than any reader should be behind.
    least_age=timedelta(days=2),
    ages="check.completed.>",
)
CLOCK = StreamSpec(
    "CLOCK",
    ("clock.ticked.>",),
    timedelta(days=1),
    "the passing of time",
    least_age=timedelta(days=1),
)
BENCHMARKS = StreamSpec(
    "BENCHMARKS",
    ("benchmark.>",),
    timedelta(days=365),
    "benchmark runs and every sample of them",
    least_age=timedelta(days=1),
)
ALERTS = StreamSpec(
    "ALERTS",
    ("alert.>", "incident.>", "notification.>"),
    FOREVER,
    "what was judged, and who was told",
)
DEAD_LETTERS = StreamSpec(
    "DEAD_LETTERS",
    ("dead.>",),
    timedelta(days=90),
    "what could not be handled, with the reason",
    least_age=timedelta(days=1),
)

STREAMS: tuple[StreamSpec, ...] = (
    REGISTRY,
    ACCOUNTS,
    CHECK_REQUESTS,
    CHECKS,
    CLOCK,
    BENCHMARKS,
    ALERTS,
    DEAD_LETTERS,
)
