"""Where a subscription begins."""

from datetime import datetime
from typing import Any, Literal

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

Start = Literal["new", "all"] | int | datetime


def check_start(start: Start, streams: int) -> None:
    """
    Raises:
        ValueError: nobody can start there.
    """
    if isinstance(start, datetime):
        if start.tzinfo is None:
            raise ValueError("start: give the time with its time zone")
    elif isinstance(start, int):
        if streams != 1:
            raise ValueError("start: a sequence belongs to one stream, and these subjects to more")
        if start < 1:
            raise ValueError("start: sequences begin at 1")
    elif start not in ("new", "all"):
        raise ValueError('start: "new", "all", a sequence or a time')


def delivery(start: Start) -> dict[str, Any]:
    """The consumer's fields for it."""
    if isinstance(start, datetime):
        return {"deliver_policy": DeliverPolicy.BY_START_TIME, "opt_start_time": start}
    if isinstance(start, int):
        return {"deliver_policy": DeliverPolicy.BY_START_SEQUENCE, "opt_start_seq": start}
    return {"deliver_policy": DeliverPolicy.NEW if start == "new" else DeliverPolicy.ALL}


def consumer_config(
    subjects: tuple[str, ...], start: Start, *, name: str, durable: bool, ack_wait_s: float
) -> ConsumerConfig:
    """A durable consumer remembers what was acknowledged; an ephemeral one is only a window that
    the subscriber opens again wherever it stands."""
    one = subjects[0] if len(subjects) == 1 else None
    shared: dict[str, Any] = {
        "name": name,
        "filter_subject": one,
        "filter_subjects": None if one else list(subjects),
        **delivery(start),
    }
    if durable:
        return ConsumerConfig(
            durable_name=name, ack_policy=AckPolicy.EXPLICIT, ack_wait=ack_wait_s, **shared
        )
    return ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        inactive_threshold=60.0,
        mem_storage=True,
        num_replicas=1,
        **shared,
    )
