"""A port is free, another one, or in use; and what people type leads to the door."""

import socket

import pytest

from arguslm_launcher.addresses import free_port, url_on_this_machine
from arguslm_launcher.data_dir import CannotStart


def test_a_port_in_use_is_named_and_another_can_be_had() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"port {port}: Address already in use.*--port"):
            free_port("127.0.0.1", port)
        assert free_port("127.0.0.1", port, or_another=True) != port
    assert free_port("127.0.0.1", port) == port
    assert free_port("127.0.0.1", 0) > 0


@pytest.mark.parametrize("host", ["192.0.2.77", "no-such-host.invalid", "::ffff:192.0.2.77"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CannotStart, match="--host has to be an address of this machine"):
        free_port(host, 0)


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
