"""Where notifications may go: not to a machine's own credentials, private networks by setting."""

import ipaddress

from arguslm_alerting.channels.notice import NotTold
from arguslm_egress.policy import EgressBlocked, EgressPolicy


async def addresses(egress: EgressPolicy, host: str, port: int) -> list[str]:
    """The IP addresses of a host, in the resolver's order, all of them allowed.

    Raises:
        NotTold: forbidden (final), or the name does not resolve.
    """
    try:
        found = await egress.resolve(host, port)
    except EgressBlocked as error:
        raise NotTold(f"the address is {error.kind}", final=True) from None
    except OSError:
        raise NotTold("the host name does not resolve") from None
    if any(ipaddress.ip_address(address).is_unspecified for _, address, _ in found):
        raise NotTold("the address is nobody's", final=True)
    return [address for _, address, _ in found]
