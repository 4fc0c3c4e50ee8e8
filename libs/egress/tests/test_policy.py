"""Where connections may go, after every way of writing an address."""

import socket

import pytest

from arguslm_egress.policy import EgressBlocked, EgressPolicy

ALWAYS_REFUSED = [
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
]
PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "::1", "fd12::1", "0.0.0.0"]
PUBLIC = ["1.1.1.1", "2606:4700:4700::1111"]


@pytest.mark.parametrize("address", ALWAYS_REFUSED)
@pytest.mark.parametrize("allow_private", [True, False])
def test_refused_always(address, allow_private):
    with pytest.raises(EgressBlocked):
        EgressPolicy(allow_private=allow_private).check(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_by_setting(address):
    EgressPolicy(allow_private=True).check(address)
    with pytest.raises(EgressBlocked):
        EgressPolicy(allow_private=False).check(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_is_free(address):
    EgressPolicy(allow_private=False).check(address)


@pytest.mark.parametrize("name", ["metadata.google.internal", "METADATA.google.internal."])
async def test_metadata_by_name(name):
    with pytest.raises(EgressBlocked):
        await EgressPolicy().resolve(name, 80)


async def test_a_name_is_judged_by_every_address_behind_it(monkeypatch):
    def two_faced(host, port, **_):
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", port)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", two_faced)
    with pytest.raises(EgressBlocked):
        await EgressPolicy().resolve("rebinding.test", 80)


async def test_odd_spellings_of_an_address_are_judged_by_what_they_resolve_to():
    """2852039166 is 169.254.169.254 to the resolver."""
    for spelling in ("2852039166", "0xA9FEA9FE"):
        with pytest.raises((EgressBlocked, socket.gaierror)):
            await EgressPolicy().resolve(spelling, 80)


async def test_names_that_are_none():
    for name in ("nowhere.invalid", "a" * 300, "..."):
        with pytest.raises(socket.gaierror):
            await EgressPolicy().resolve(name, 80)
