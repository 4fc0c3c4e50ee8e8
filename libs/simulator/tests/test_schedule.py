"""The clock: the plan is exact, and the server never sends ahead of it nor out of order."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from arguslm_simulator import Behaviour, Fault, Scenario, Simulator
from arguslm_simulator.dialects import DIALECTS
from arguslm_simulator.pacemaker import Alarm, LoopAlarm, Pacemaker, best_alarm
from arguslm_simulator.question import Question
from arguslm_simulator.schedule import schedule_of
from arguslm_simulator.script import Act, Step

MS = 1_000_000
OPENAI = next(dialect for dialect in DIALECTS if dialect.name == "openai")


def steps_of(behaviour: Behaviour, *, stream: bool = True, fault: Fault = Fault.NONE) -> list[Step]:
    question = Question("m", prompt_tokens=3, stream=stream)
    schedule = schedule_of(behaviour, fault, draw_from="a seed")
    return list(Act(OPENAI, question, behaviour, fault, schedule, "id", {}).steps())


def test_token_i_is_due_at_ttft_plus_i_gaps() -> None:
    steps = steps_of(Behaviour(ttft_ms=200, gap_ms=0.1, tokens=100))
    assert [step.at_ns for step in steps[:-1]] == [200 * MS + i * 100_000 for i in range(100)]
    assert steps[-1].at_ns == steps[-2].at_ns, "the tail follows the last token at once"


def test_reasoning_shares_the_clock_with_the_answer() -> None:
    steps = steps_of(Behaviour(ttft_ms=50, gap_ms=5, reasoning_tokens=3, tokens=2))
    assert [step.at_ns // MS for step in steps] == [50, 55, 60, 65, 70, 70]
    assert [b"reasoning_content" in step.data for step in steps[:5]] == [True] * 3 + [False] * 2


def test_a_frame_of_many_tokens_leaves_when_its_first_is_due() -> None:
    behaviour = Behaviour(ttft_ms=50, gap_ms=5, tokens=10, tokens_per_chunk=4)
    assert [step.at_ns // MS for step in steps_of(behaviour)] == [50, 70, 90, 90]


def test_headers_may_leave_before_the_first_token() -> None:
    head, first = steps_of(Behaviour(ttft_ms=50, headers_ms=20, tokens=1))[:2]
    assert (head.at_ns // MS, first.at_ns // MS) == (20, 50)
    assert head.data.startswith(b"HTTP/1.1 200 OK")
    assert b'"role":"assistant"' in head.data
    assert b"HTTP" not in first.data


def test_an_answer_in_one_piece_leaves_with_its_last_token() -> None:
    (step,) = steps_of(Behaviour(ttft_ms=50, gap_ms=5, tokens=10), stream=False)
    assert step.at_ns == 95 * MS


def test_jitter_is_drawn_by_the_seed_and_only_ever_later() -> None:
    behaviour = Behaviour(ttft_ms=50, gap_ms=5, ttft_jitter_ms=20, gap_jitter_ms=3, tokens=40)

    def drawn(seed: str) -> list[int]:
        schedule = schedule_of(behaviour, Fault.NONE, draw_from=seed)
        assert schedule.head_ns == schedule.due_ns(0)
        return [schedule.due_ns(token) for token in range(40)]

    dues = drawn("a")
    assert dues == drawn("a")
    assert dues != drawn("b")
    assert 50 * MS <= dues[0] <= 70 * MS
    gaps = [later - sooner for sooner, later in pairwise(dues)]
    assert all(5 * MS <= gap <= 8 * MS for gap in gaps)
    assert len(set(gaps)) > 30


def test_slow_faults_move_the_head_or_the_tokens_alone() -> None:
    behaviour = Behaviour(ttft_ms=50, headers_ms=20, tokens=2, slow_ms=1000)
    starts = [
        steps_of(behaviour, fault=f)[:2] for f in (Fault.SLOW_HEADERS, Fault.SLOW_FIRST_TOKEN)
    ]
    assert [[step.at_ns // MS for step in pair] for pair in starts] == [[1020, 1050], [20, 1050]]


def test_hidden_thoughts_take_their_time() -> None:
    behaviour = Behaviour(ttft_ms=50, gap_ms=5, reasoning_tokens=3, tokens=1, shows_reasoning=False)
    steps = steps_of(behaviour)
    assert steps[0].at_ns // MS == 65
    assert b'"reasoning_tokens":3' in steps[-1].data
    (*_, cut) = steps_of(behaviour, fault=Fault.TRUNCATED)
    assert cut.at_ns // MS == 65


def test_a_fault_in_the_middle_shows_when_the_next_token_was_due() -> None:
    behaviour = Behaviour(ttft_ms=50, gap_ms=5, tokens=10, stall_after_tokens=3)
    steps = steps_of(behaviour, fault=Fault.DISCONNECT)
    assert [step.at_ns // MS for step in steps] == [50, 55, 60, 65]


async def test_every_chunk_carries_its_send_time_and_none_is_early(
    wire_to: Callable[[Simulator], Any],
) -> None:
    behaviour = Behaviour(ttft_ms=30, gap_ms=2, headers_ms=10, tokens=20)
    async with Simulator(Scenario({"m": behaviour})) as simulator:
        wire = await wire_to(simulator)
        sent_ns = time.monotonic_ns()
        answer = await wire.chat("m")
        stamps = [int(frame["system_fingerprint"]) for frame in answer.frames]
        offsets = [stamp - answer.read_ns for stamp in stamps]
        due = [10 * MS, *(30 * MS + i * 2 * MS for i in range(20)), 68 * MS]
        assert len(offsets) == len(due)
        assert all(offset >= at for offset, at in zip(offsets, due, strict=True))
        assert stamps == sorted(stamps)
        assert sent_ns <= answer.read_ns
        assert stamps[-1] <= time.monotonic_ns()
        assert simulator.stats().lateness.count == 21
        assert (simulator.stats().lateness.p50_ms or -1) >= 0


async def test_streams_side_by_side_do_not_wait_for_each_other(
    wire_to: Callable[[Simulator], Any],
) -> None:
    models = {
        "patient": Behaviour(ttft_ms=3_600_000),
        "m": Behaviour(ttft_ms=20, gap_ms=1, tokens=30),
    }
    async with Simulator(Scenario(models)) as simulator:
        blocked = await wire_to(simulator)
        waiting = asyncio.create_task(blocked.chat("patient"))
        wires = [await wire_to(simulator) for _ in range(20)]
        answers = await asyncio.gather(*(wire.chat("m") for wire in wires))
        assert all(len(answer.frames) == 32 for answer in answers)
        assert not waiting.done()
        assert simulator.stats().in_flight == 1
        assert simulator.stats().peak_in_flight == 21
        waiting.cancel()


class _Note:
    def __init__(self, name: str, notes: list[str], finished: asyncio.Event) -> None:
        self.name, self.notes, self.finished = name, notes, finished

    def play(self) -> None:
        self.notes.append(self.name)
        if self.name == "last":
            self.finished.set()


@pytest.mark.parametrize("make_alarm", [best_alarm, LoopAlarm])
async def test_the_pacemaker_plays_in_the_order_of_due_times(
    make_alarm: Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Alarm],
) -> None:
    pacemaker = Pacemaker(asyncio.get_running_loop(), make_alarm)
    notes: list[str] = []
    finished = asyncio.Event()
    now_ns = time.monotonic_ns()
    for name, due_ms in (("in an hour", 3_600_000), ("last", 30), ("first", 5), ("middle", 15)):
        pacemaker.add(now_ns + due_ms * MS, _Note(name, notes, finished))
    await asyncio.wait_for(finished.wait(), 10)
    assert notes == ["first", "middle", "last"]
    assert time.monotonic_ns() >= now_ns + 30 * MS
    pacemaker.close()
