"""Whether an address can be reached at all, over the wire that measures."""

from collections.abc import Sequence

from arguslm_contracts.measurement import Timeouts
from arguslm_llm.exchange import Progress, Read
from arguslm_llm.http1 import WireRequest
from arguslm_llm.network import Network
from arguslm_llm.wire import Wire

_SOON = Timeouts(connect_s=5, headers_s=5, first_token_s=5, gap_s=5, total_s=8)


async def why_unreachable(url: str, network: Network) -> str | None:
    """How a GET of a URL failed; None when anything at all answered. On a connection of its own:
    one that lay idle might have died with the network, and tell nothing of a new one."""
    wire = Wire(network)
    try:
        exchange = await wire.exchange(WireRequest("GET", url), _SOON, _progress)
    finally:
        await wire.close()
    if exchange.status is not None or exchange.failure is None:
        return None
    return f"{exchange.failure.value}: {exchange.message}"


def _progress(reads: Sequence[Read]) -> Progress:
    return Progress(reads[-1][0] if reads else None, False)
