"""The printed cost of a setting is what a real stream takes."""

from datetime import UTC, datetime

import pytest

from arguslm_bus.disk import bytes_a_day, example_bytes, stored_bytes, summary_bytes_a_day
from arguslm_contracts.envelope import encode
from arguslm_contracts.events.checks import CheckCompleted, ClockTicked
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.streams import BENCHMARKS, CHECKS, CLOCK
from arguslm_testkit.bus import BusForTests


async def test_a_message_takes_as_many_bytes_as_the_server_says(bus: BusForTests) -> None:
    jetstream = (await bus.client()).jetstream()
    expected = 0
    for second in range(20):
        event = ClockTicked(second=second, previous_second=second - 1)
        headers, body = encode(event, source="scheduler", time=datetime.now(UTC))
        await jetstream.publish(event.subject, body, headers=headers)
        expected += stored_bytes(event.subject, headers, body)
    info = await jetstream.stream_info(CLOCK.name)
    assert info.state.bytes == expected


def test_a_hundred_models_a_day() -> None:
    per_check = example_bytes(CheckCompleted)
    assert bytes_a_day(CHECKS, models=100, interval_s=60) == 144_000 * per_check
    assert bytes_a_day(CHECKS, models=100, interval_s=3_600) == 2_400 * per_check
    assert bytes_a_day(BENCHMARKS, models=100, interval_s=60) is None
    assert summary_bytes_a_day(models=100) == 2_400 * example_bytes(CheckSummarized)
    # A summary of 60 checks has to be worth its place.
    assert example_bytes(CheckSummarized) < 10 * per_check


@pytest.mark.parametrize("kind", [CheckCompleted, CheckSummarized])
def test_examples_are_of_a_realistic_size(kind: type) -> None:
    assert 1_000 < example_bytes(kind) < 8_000
