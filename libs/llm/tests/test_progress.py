"""How far a long answer has come, and how much of a senseless one is read."""

import pytest

from arguslm_llm.decoders import Dialect, decode, progress_of
from arguslm_llm.exchange import Read

LONG = 10_000
TOKEN = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
# Told as a comment, so that it makes an answer long without a token.
SILENCE = b": " + b"." * 1_000 + b"\n\n"
END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


def in_reads(*frames: bytes, cut: int = 700) -> list[Read]:
    """The frames as reads of a size that has nothing to do with theirs, at 1, 2, 3... ns."""
    body = b"".join(frames)
    parts = [body[at : at + cut] for at in range(0, len(body), cut)]
    return list(enumerate(parts, start=1))


@pytest.fixture
def progress():
    return progress_of(Dialect.OPENAI)


@pytest.mark.parametrize("length", [1, LONG])
def test_the_last_token_is_told_however_long_the_answer_is(progress, length) -> None:
    reads = in_reads(*[TOKEN] * length)
    assert progress(reads) == (len(reads), False)


def test_an_answer_is_done_when_its_end_says_so(progress) -> None:
    assert progress(in_reads(*[TOKEN] * LONG, END)).finished


def test_a_long_silence_is_known_from_where_it_is_looked_at(progress) -> None:
    """A stall is still one, counted from no later than a look at what came before."""
    spoken, silent = in_reads(*[TOKEN] * 100), in_reads(*[SILENCE] * 600)
    reads = list(enumerate([data for _, data in (*spoken, *silent)], start=1))
    last_token_ns, finished = progress(reads)
    assert not finished
    assert len(spoken) <= last_token_ns < len(reads) - 300


def test_a_frame_that_is_longer_than_all_that_is_looked_at_is_no_first_token_missed(
    progress,
) -> None:
    spoken = in_reads(*[TOKEN] * 100)
    huge = in_reads(b'data: {"choices":[],"x":"' + b"." * 400_000)
    reads = list(enumerate([data for _, data in (*spoken, *huge)], start=1))
    assert progress(reads).last_token_ns is not None


@pytest.mark.parametrize("cut", [len(b"data: "), len(b'data: {"choices":[{"delta":{"content":"')])
def test_a_look_that_begins_within_a_line_takes_it_for_nothing(progress, cut) -> None:
    """For no body of JSON, and no web page, whatever the line goes on with."""
    begin = b'data: {"choices":[{"delta":{"content":"'
    page = begin + b'<html>"}}]}\n\n'
    frames = b"".join([TOKEN] * LONG)
    reads = [*in_reads(frames), (10**6, page[:cut])]
    reads += [(10**6 + 1, page[cut:] + b"".join([TOKEN] * 6_000)), (10**6 + 2, END)]
    assert progress(reads) == (10**6 + 1, True)


def test_of_a_stream_that_makes_no_sense_only_its_begin_is_read() -> None:
    senseless = [b"data: x\n\n"]
    few = decode(Dialect.OPENAI, in_reads(*senseless * 50, TOKEN))
    assert (few.malformed, few.deltas) == ("a frame of the stream is no JSON object", 1)
    many = decode(Dialect.OPENAI, in_reads(*senseless * LONG, TOKEN))
    assert (many.malformed, many.deltas) == (few.malformed, 0)
    assert many.unread < LONG
