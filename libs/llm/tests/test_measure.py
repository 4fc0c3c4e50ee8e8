"""Whole measurements over real sockets against answers with a known schedule."""

import asyncio
import itertools
import sys
import time

import orjson
import pytest

from arguslm_contracts.measurement import ProbeProfile, Stamp, Timeouts
from arguslm_contracts.outcomes import FaultOwner, Outcome
from arguslm_egress.policy import EgressPolicy
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "sk-planted-4f8b1c9d2e7a"
DONE = b"data: [DONE]\n\n"
TOLERANCE_MS = 5


def frame(**fields):
    return b"data: " + orjson.dumps(fields) + b"\n\n"


def delta(**fields):
    return frame(choices=[{"index": 0, "delta": fields, "finish_reason": None}])


def finish(reason="stop"):
    return frame(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])


def usage(prompt=7, completion=10, **details):
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, **details}
    return frame(choices=[], usage=counts)


def paced(first_s=0.1, gap_s=0.02, tokens=10):
    """Role first, then tokens on an exact schedule, then usage."""
    steps = [(0.0, delta(role="assistant", content=""))]
    steps += [(first_s + i * gap_s, delta(content="tok ")) for i in range(tokens)]
    end = first_s + (tokens - 1) * gap_s
    return [*steps, (end, finish()), (end, usage(completion=tokens)), (end, DONE)]


def endpoint(server, **changes):
    fields = {
        "provider_type": "custom_openai_compatible",
        "base_url": server.base_url,
        "credentials": {"api_key": KEY},
        "model": "llama3:8b",
    }
    return Endpoint(**{**fields, **changes})


def profile(**timeouts):
    return ProbeProfile(prompt="Say hello.", max_tokens=20, timeouts=Timeouts(**timeouts))


async def agreeing(measurer, server, errors_ms):
    """The first measurement whose clocks agree with what the server noted. A machine busy with
    other things only ever adds: the best of some tries shows our own error."""
    for _ in range(20):
        result = await measurer.measure(endpoint(server), profile())
        off = errors_ms(result, server.received[-1].sent_ms)
        assert min(off) > -1, "sooner than the truth"
        if max(off) < TOLERANCE_MS:
            return result
    pytest.fail(f"never nearer than {off} ms")


async def test_the_four_clocks_are_within_five_milliseconds_of_the_truth(measurer, serve, reply):
    server = await serve(reply(paced(first_s=0.15, gap_s=0.02, tokens=10)))

    def errors_ms(result, sent_ms):
        timing = result.timing
        role, first, *others, last, _, _, _ = sent_ms
        gaps = (later - sooner for sooner, later in itertools.pairwise([first, *others, last]))
        return (
            timing.headers_ms - server.received[-1].head_sent_ms,
            timing.first_byte_ms - role,
            timing.first_token_ms - first,
            timing.last_token_ms - last,
            abs(timing.max_gap_ms - max(gaps)),
        )

    result = await agreeing(measurer, server, errors_ms)
    timing = result.timing
    assert result.outcome is Outcome.OK
    assert result.fault_owner is FaultOwner.NONE
    assert timing.first_answer_token_ms == timing.first_token_ms
    assert timing.total_ms >= timing.last_token_ms
    assert timing.stamp is (Stamp.KERNEL if sys.platform == "linux" else Stamp.LOOP)
    assert 0 <= timing.send_ms <= timing.headers_ms
    assert timing.streamed


async def test_tokens_come_from_usage_and_the_rate_counts_gaps(measurer, serve, reply):
    server = await serve(reply(paced(first_s=0.05, gap_s=0.02, tokens=11)))

    def errors_ms(result, sent_ms):
        _, first, *_, last, _, _, _ = sent_ms
        return (result.timing.first_token_ms - first, result.timing.last_token_ms - last)

    result = await agreeing(measurer, server, errors_ms)
    assert result.usage.source == "reported"
    assert (result.usage.input_tokens, result.usage.output_tokens) == (7, 11)
    _, first, *_, last, _, _, _ = server.received[-1].sent_ms
    # Of ten gaps in 200 ms, either end of which may be off by the tolerance.
    assert result.tokens_per_s == pytest.approx(10_000 / (last - first), rel=0.06)


async def test_without_usage_the_count_is_an_estimate_and_says_so(measurer, serve, reply):
    steps = [(0.02 * i, delta(content="x")) for i in range(5)]
    server = await serve(reply([*steps, (0.1, finish()), (0.1, DONE)]))
    result = await measurer.measure(endpoint(server), profile())
    assert result.usage.source == "estimated"
    assert result.usage.output_tokens == 5


async def test_the_request_is_the_one_asked_for(measurer, serve, reply):
    server = await serve(reply(paced()))
    await measurer.measure(endpoint(server), profile())
    [received] = server.received
    body = orjson.loads(received.body)
    assert received.method == "POST"
    assert received.target == "/v1/chat/completions"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert received.headers["accept-encoding"] == "identity"
    assert received.headers["user-agent"].startswith("ArgusLM/")
    assert body["model"] == "llama3:8b"
    assert body["messages"] == [{"role": "user", "content": "Say hello."}]
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["max_tokens"] == 20


async def test_reasoning_is_a_token_but_no_answer(measurer, serve, reply):
    steps = [
        (0.0, delta(role="assistant")),
        (0.05, delta(reasoning_content="hmm")),
        (0.12, delta(content="four")),
        (0.12, finish()),
        (0.12, usage(completion=9, completion_tokens_details={"reasoning_tokens": 8})),
    ]
    server = await serve(reply(steps))

    def errors_ms(result, sent_ms):
        _, thought, answer, *_ = sent_ms
        timing = result.timing
        return (timing.first_token_ms - thought, timing.first_answer_token_ms - answer)

    result = await agreeing(measurer, server, errors_ms)
    assert result.outcome is Outcome.OK
    assert result.usage.reasoning_tokens == 8


async def test_a_refusal_to_go_on_thinking_is_truncated_and_tells_how_long_it_was(
    measurer, serve, reply
):
    """As OpenAI's newer models say it."""
    said = "Could not finish the message because max_tokens or model output limit was reached."
    body = orjson.dumps({"error": {"message": said, "type": "invalid_request_error"}})
    server = await serve(reply([(0.0, body)], status=400, content_type="application/json"))
    result = await measurer.measure(endpoint(server), profile())
    assert (result.outcome, result.fault_owner) == (Outcome.TRUNCATED, FaultOwner.NONE)
    assert (result.usage.output_tokens, result.usage.source) == (profile().max_tokens, "estimated")
    assert result.cost.usd is None or result.cost.usd == 0


async def test_cut_off_inside_reasoning_is_truncated_and_not_down(measurer, serve, reply):
    steps = [(0.0, delta(reasoning="hmm")), (0.01, finish("length"))]
    server = await serve(reply(steps))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.TRUNCATED


async def test_a_200_without_content_is_empty(measurer, serve, reply):
    server = await serve(reply([(0.0, delta(role="assistant", content="")), (0.0, finish())]))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.EMPTY
    assert result.timing.first_token_ms is None
    assert result.tokens_per_s is None


async def test_an_error_inside_a_200_is_told_apart(measurer, serve, reply):
    error = frame(error={"type": "server_error", "code": "boom", "message": f"failed for {KEY}"})
    server = await serve(reply([(0.0, delta(content="Hel")), (0.01, error)]))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.ERROR_IN_STREAM
    assert result.evidence.error_type == "server_error"
    assert result.evidence.error_code == "boom"
    assert KEY not in result.model_dump_json()


async def test_a_refusal_keeps_its_evidence_without_the_key(measurer, serve, reply):
    body = orjson.dumps(
        {"error": {"type": "rate_limit_error", "message": f"slow down, {KEY[:20]} and {KEY}"}}
    )
    headers = {
        "x-request-id": "req-1",
        "retry-after": "2",
        "x-ratelimit-limit-requests": "50",
        "x-ratelimit-remaining-requests": "5",
        "x-ratelimit-reset-requests": "1m12s",
    }
    server = await serve(reply([(0.0, body)], status=429, headers=headers, content_type="json"))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.RATE_LIMITED
    assert result.fault_owner is FaultOwner.ACCOUNT
    assert result.evidence.http_status == 429
    assert result.evidence.provider_request_id == "req-1"
    assert "slow down" in result.evidence.message
    assert result.evidence.retry_after_s == 2
    [requests] = result.headroom
    assert (requests.kind, requests.left_ratio, requests.resets_in_s) == ("requests", 0.1, 72)
    assert KEY not in result.model_dump_json()
    assert KEY[:20] not in result.model_dump_json()
    assert result.timing.total_ms is not None
    assert len(server.received) == 1  # no retry


async def test_a_plain_json_answer_is_timed_as_not_streamed(measurer, serve, reply):
    body = orjson.dumps(
        {
            "choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        }
    )
    server = await serve(reply([(0.06, body)], content_type="application/json"))
    result = await agreeing(
        measurer, server, lambda result, sent_ms: (result.timing.first_token_ms - sent_ms[0],)
    )
    assert result.outcome is Outcome.OK
    assert not result.timing.streamed
    assert result.tokens_per_s is None


async def test_a_web_page_is_no_answer(measurer, serve, reply):
    server = await serve(reply([(0.0, b"<html><body>Sign in to WiFi</body></html>")]))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.INVALID_STREAM


async def test_a_redirect_is_not_followed(measurer, serve, reply):
    elsewhere = await serve(reply(paced()))
    server = await serve(reply(status=307, headers={"Location": elsewhere.base_url}))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.BAD_REQUEST
    assert elsewhere.received == []


# --- deadlines: each names itself


async def test_slow_headers(measurer, serve, reply):
    server = await serve(reply(paced(), head_after_s=5))
    result = await measurer.measure(endpoint(server), profile(headers_s=0.1))
    assert result.outcome is Outcome.TIMEOUT_HEADERS
    assert result.timing.headers_ms is None
    assert 99 < result.timing.total_ms < 5_000


async def test_role_and_keep_alive_frames_do_not_hold_back_the_first_token_deadline(
    measurer, serve, reply
):
    chatter = [(0.02 * i, b": keep-alive\n\n") for i in range(20)]
    server = await serve(reply([(0.0, delta(role="assistant")), *chatter], ending="hang"))
    result = await measurer.measure(endpoint(server), profile(first_token_s=0.15))
    assert result.outcome is Outcome.TIMEOUT_FIRST_TOKEN
    assert result.timing.headers_ms is not None


async def test_a_stream_that_stops_is_stalled(measurer, serve, reply):
    steps = [(0.05 * i, delta(content="x")) for i in range(5)]
    server = await serve(reply(steps, ending="hang"))
    result = await measurer.measure(endpoint(server), profile(gap_s=0.15))
    assert result.outcome is Outcome.STALLED
    assert result.timing.last_token_ms > 199
    assert result.timing.total_ms > result.timing.last_token_ms + 149
    assert result.evidence.answer_preview == "xxxxx"


async def test_keep_alives_do_not_hide_a_stall(measurer, serve, reply):
    chatter = [(0.02 * i, b": keep-alive\n\n") for i in range(1, 20)]
    server = await serve(reply([(0.0, delta(content="x")), *chatter], ending="hang"))
    result = await measurer.measure(endpoint(server), profile(gap_s=0.15))
    assert result.outcome is Outcome.STALLED


async def test_an_answer_that_ends_without_saying_so_was_cut(measurer, serve, reply):
    server = await serve(reply([(0.0, delta(content="The answer"))]))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.DISCONNECTED
    assert result.evidence.message == "the answer ended without saying so"


async def test_an_endless_answer_ends_at_the_total(measurer, serve, reply):
    steps = [(0.02 * i, delta(content="x")) for i in range(100)]
    server = await serve(reply(steps))
    result = await measurer.measure(endpoint(server), profile(gap_s=0.2, total_s=0.3))
    assert result.outcome is Outcome.TIMEOUT_TOTAL


async def test_a_finished_answer_whose_body_never_ends_is_fine(measurer, serve, reply):
    steps = [(0.0, delta(content="hi")), (0.05, finish())]
    server = await serve(reply(steps, ending="hang"))
    result = await measurer.measure(endpoint(server), profile(gap_s=2))
    assert result.outcome is Outcome.OK
    assert 49 < result.timing.total_ms < 2_000, "it ended with the finish, not with the deadline"


# --- the network


async def test_refused(measurer, free_port):
    target = Endpoint(
        "custom_openai_compatible", base_url=f"http://127.0.0.1:{free_port}/v1", model="m"
    )
    result = await measurer.measure(target, profile())
    assert result.outcome is Outcome.REFUSED
    assert result.fault_owner is FaultOwner.NETWORK
    assert result.evidence.message == f"127.0.0.1 port {free_port}: connection refused"
    assert result.timing.total_ms is None


async def test_a_name_that_does_not_resolve(measurer):
    target = Endpoint(
        "custom_openai_compatible", base_url="http://nowhere.invalid:8000/v1", model="m"
    )
    result = await measurer.measure(target, profile())
    assert result.outcome is Outcome.DNS


async def test_tls_spoken_to_a_server_that_has_none(measurer):
    async def answer_plainly(_, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    target = Endpoint(
        "custom_openai_compatible", base_url=f"https://127.0.0.1:{port}/v1", model="m"
    )
    async with server:
        result = await measurer.measure(target, profile(connect_s=2))
    assert result.outcome is Outcome.TLS


@pytest.mark.parametrize("ending", ["abort", "close"])
async def test_closed_in_the_middle(measurer, serve, reply, ending):
    server = await serve(reply([(0.0, delta(content="x"))], ending=ending))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.DISCONNECTED


async def test_cloud_metadata_is_never_asked(measurer):
    target = Endpoint("custom_openai_compatible", base_url="http://169.254.169.254/v1", model="m")
    result = await measurer.measure(target, profile())
    assert result.outcome is Outcome.BLOCKED_BY_POLICY


async def test_connections_are_reused_and_told_apart(measurer, serve, reply):
    server = await serve(reply(paced(first_s=0.01, gap_s=0.0, tokens=2)))
    cold = await measurer.measure(endpoint(server), profile())
    warm = await measurer.measure(endpoint(server), profile())
    assert server.connections == 1
    assert not cold.timing.connection_reused
    assert cold.timing.connect_ms is not None
    assert warm.timing.connection_reused
    assert warm.timing.connect_ms is None


async def test_a_connection_gone_stale_is_replaced_once_with_true_clocks(measurer, serve, reply):
    """The server drops a kept connection as our second request reaches it, unread."""
    drop = reply(ending="drop")
    server = await serve(reply(paced(first_s=0.01)), drop, reply(paced(first_s=0.1)))
    await measurer.measure(endpoint(server), profile())
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.OK
    assert server.connections == 2
    assert not result.timing.connection_reused
    assert result.timing.connect_ms is not None
    answered_ms = server.received[-1].sent_ms[1]
    assert result.timing.first_token_ms > answered_ms - 1


async def test_a_fresh_connection_that_is_dropped_is_not_tried_again(measurer, serve, reply):
    server = await serve(reply(ending="drop"))
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.DISCONNECTED
    assert server.connections == 1


async def test_a_cancelled_measurement_leaves_no_connection_behind(measurer, serve, reply):
    server = await serve(reply(paced(first_s=5), ending="hang"))
    task = asyncio.create_task(measurer.measure(endpoint(server), profile()))
    await server.arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    server.replies = [reply(paced(first_s=0.01))]
    result = await measurer.measure(endpoint(server), profile())
    assert result.outcome is Outcome.OK
    assert not result.timing.connection_reused


async def test_one_slow_endpoint_delays_no_other(measurer, serve, reply):
    slow = await serve(reply(paced(first_s=20, tokens=2)))
    fast = await serve(reply(paced(first_s=0.05, tokens=2)))
    waiting = asyncio.create_task(measurer.measure(endpoint(slow), profile()))
    quick = await asyncio.gather(*(measurer.measure(endpoint(fast), profile()) for _ in range(8)))
    assert all(result.outcome is Outcome.OK for result in quick)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_schedule_delay_is_from_the_due_time(measurer, serve, reply):
    server = await serve(reply(paced(first_s=0.01, tokens=2)))
    await measurer.measure(endpoint(server), profile())  # so that the request is built
    due = time.monotonic_ns() - 40_000_000
    result = await measurer.measure(endpoint(server), profile(), scheduled_ns=due)
    assert 40 < result.timing.schedule_delay_ms < 40 + (time.monotonic_ns() - due) / 1e6


async def test_a_blocked_loop_is_told_but_harms_no_clock(measurer, serve, reply):
    server = await serve(reply(paced(first_s=0.2, tokens=2)))
    task = asyncio.create_task(measurer.measure(endpoint(server), profile()))
    await server.arrived.wait()
    await asyncio.sleep(0.02)
    busy_until = time.process_time() + 0.06
    while time.process_time() < busy_until:
        pass  # the blocking is the point
    audit = (await task).audit
    assert audit.loop_lag_ms > 30
    assert audit.cpu_share > 0
    own_error_ms = audit.loop_lag_ms if audit.read_lag_ms is None else audit.read_lag_ms
    assert audit.trustworthy or own_error_ms > 5


async def test_private_addresses_can_be_forbidden(serve, reply):
    server = await serve(reply(paced()))
    strict = Measurer(Network(EgressPolicy(allow_private=False)))
    await strict.start()
    try:
        result = await strict.measure(endpoint(server), profile())
    finally:
        await strict.close()
    assert result.outcome is Outcome.BLOCKED_BY_POLICY
    assert server.connections == 0


async def test_unknown_types_and_missing_models_are_results_too(measurer):
    assert (
        await measurer.measure(Endpoint("no_such_type", model="m"), profile())
    ).outcome is Outcome.BAD_REQUEST
    assert (
        await measurer.measure(Endpoint("openai", model=None), profile())
    ).outcome is Outcome.BAD_REQUEST
