"""The kernel's stamps, on our clock."""

import socket
import sys
import time

import pytest

from arguslm_llm.kernel_stamp import WallClock, ask_for_stamps, receive, stamping_socket

NS_PER_S = 1_000_000_000


@pytest.fixture
def pair():
    """Both ends of a TCP connection; the second asked for stamps."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sender = socket.create_connection(listener.getsockname())
        receiver, _ = listener.accept()
    with stamping_socket(), sender, receiver:
        time.sleep(0.05)
        ask_for_stamps(receiver)
        yield sender, receiver


def test_a_stamp_tells_when_bytes_came_not_when_they_were_read(pair):
    sender, receiver = pair
    clock = WallClock()
    sent_ns = time.monotonic_ns()
    sender.sendall(b"hello")
    time.sleep(0.05)
    read_ns = time.monotonic_ns()
    data, wall_ns = receive(receiver, 100)
    assert data == b"hello"
    if sys.platform != "linux":
        assert wall_ns is None
        return
    slack_ns = 1_000_000  # the translation's own trembling
    assert sent_ns - slack_ns <= clock.monotonic_ns(wall_ns) < read_ns
    assert clock.read_ns >= read_ns


def test_a_wall_clock_that_is_set_spoils_one_translation(monkeypatch):
    clock = WallClock()
    true_time_ns = time.time_ns
    assert abs(clock.monotonic_ns(true_time_ns()) - time.monotonic_ns()) < NS_PER_S
    for step_s in (3600, -3600):
        monkeypatch.setattr(
            time, "time_ns", lambda step_s=step_s: true_time_ns() + step_s * NS_PER_S
        )
        assert clock.monotonic_ns(time.time_ns()) is None
        assert clock.monotonic_ns(time.time_ns()) is not None


def test_no_stamp_lies_in_the_future():
    clock = WallClock()
    assert clock.monotonic_ns(time.time_ns() + NS_PER_S) <= time.monotonic_ns()
