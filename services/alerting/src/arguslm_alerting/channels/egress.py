"""Where notifications may go: never to a machine's own credentials, private networks by setting."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from arguslm_alerting.channels.notice import NotTold

# Services that hand out a machine's own credentials, beyond what is link-local already.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata", "instance-data"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Egress:
    """Link-local, multicast and cloud metadata addresses are refused always; private and loopback
    addresses too unless `allow_private`."""

    allow_private: bool = True

    async def addresses(self, host: str, port: int) -> list[str]:
        """The IP addresses of a host, in the resolver's order, all of them allowed.

        Raises:
            NotTold: forbidden (final), or the name does not resolve.
        """
        if host.rstrip(".").lower() in _METADATA_NAMES:
            raise NotTold("the address is a cloud metadata service", final=True)
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NotTold("the host name does not resolve") from None
        addresses = [str(sockaddr[0]) for *_, sockaddr in found]
        for address in addresses:
            self._check(address)
        return addresses

    def _check(self, address: str) -> None:
        ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        if ip in _METADATA or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
            raise NotTold("the address is link-local, multicast or cloud metadata", final=True)
        if not self.allow_private and not ip.is_global:
            raise NotTold("the address is in a private network", final=True)


def _unwrapped(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside an IPv6 one, so that no wrapping gets around the check."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is None and ip in _NAT64:
        inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return inner or ip
