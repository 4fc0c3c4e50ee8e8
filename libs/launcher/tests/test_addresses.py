"""A port is free, another one, or in use; and what people type leads to the door."""

import random
import socket
from collections.abc import Iterator

import pytest

from arguslm_launcher.addresses import Ports, url_on_this_machine
from arguslm_launcher.data_dir import CannotStart


@pytest.fixture
def ports() -> Iterator[Ports]:
    taken = Ports()
    yield taken
    taken.release()


def test_a_port_in_use_is_named_and_another_can_be_had(ports: Ports) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"port {port}: Address already in use.*--port"):
            ports.take("127.0.0.1", port)
        assert ports.take("127.0.0.1", port, or_another=True) != port
    assert ports.take("127.0.0.1", port) == port
    assert ports.take("127.0.0.1", 0) > 0


def test_a_port_is_kept_for_its_listener_from_other_houses(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both draw the same numbers; and a listener may come, go, and come again."""
    monkeypatch.setattr(random, "sample", lambda few, count: [*few][:count])
    port, another = ports.take("127.0.0.1", 0), Ports()
    for _ in range(2):
        with socket.create_server(("127.0.0.1", port)):
            assert another.take("127.0.0.1", 0) > port
    ports.release()
    assert another.take("127.0.0.1", 0) == port
    another.release()


@pytest.mark.parametrize("host", ["192.0.2.77", "no-such-host.invalid", "::ffff:192.0.2.77"])
def test_an_address_of_another_machine_is_refused(ports: Ports, host: str) -> None:
    with pytest.raises(CannotStart, match="--host has to be an address of this machine"):
        ports.take(host, 0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("localhost", "http://localhost:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
    ],
)
def test_the_url_is_one_that_a_browser_here_can_open(host: str, url: str) -> None:
    assert url_on_this_machine(host, 80) == url
