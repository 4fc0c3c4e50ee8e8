"""Whether it is our own network that is down, when an endpoint cannot be reached.

A reference target, where there is one, is asked in that moment, and its answer decides. Without
one, our network is held to be down when several unrelated sites that had answered fell silent
together, and none has answered since.
"""

import asyncio
import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from arguslm_contracts.measurement import Evidence, Measurement, Target
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_llm.network import Network
from arguslm_llm.reachability import why_unreachable

# How a network that is down looks from here. A connection that lay idle only stays silent.
_UNREACHED = frozenset(
    {
        Outcome.DNS,
        Outcome.TLS,
        Outcome.REFUSED,
        Outcome.DISCONNECTED,
        Outcome.TIMEOUT_CONNECT,
        Outcome.TIMEOUT_HEADERS,
    }
)
_LEAST_SITES = 3
_TOGETHER_S = 120.0
# Checks that fail together ask for the reference target once.
_REFERENCE_HOLDS_S = 5.0


@dataclass(frozen=True, slots=True)
class Site:
    """When a site last answered, and when it first failed since (s of a monotonic clock)."""

    answered_at_s: float | None = None
    fell_at_s: float | None = None


def answered(before: Site, at_s: float) -> Site:
    """A site after an answer to a request that began at `at_s`."""
    return Site(answered_at_s=max(at_s, before.answered_at_s or at_s))


def failed(before: Site, at_s: float) -> Site:
    """A site after a failure. One that never answered may have been down all the while: it falls
    from nowhere."""
    falls = before.answered_at_s is not None and before.fell_at_s is None
    return replace(before, fell_at_s=at_s) if falls else before


def fell_together(sites: Mapping[str, Site]) -> list[str]:
    """The sites that fell at about the same time since any site has last answered; none when they
    are too few to blame our own network."""
    last_answer_s = max((s.answered_at_s for s in sites.values() if s.answered_at_s), default=0.0)
    fallen = sorted(
        (site.fell_at_s, name)
        for name, site in sites.items()
        if site.fell_at_s is not None and site.fell_at_s > last_answer_s
    )
    for first_s, _ in fallen:
        together = [name for at_s, name in fallen if 0 <= at_s - first_s <= _TOGETHER_S]
        if len(together) >= _LEAST_SITES:
            return sorted(together)
    return []


def site_of(target: Target) -> str | None:
    """What an endpoint shares with those that are related to it: the last two labels of its host,
    or its vendor. None for what needs no way out: this machine, and names and addresses of a
    private network."""
    if target.base_url is None:
        return target.provider_type
    host = urlsplit(target.base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        is_local = len(labels) == 1 or labels[-1] in ("localhost", "local", "internal")
        return None if is_local else ".".join(labels[-2:])
    return host if address.is_global else None


class OwnNetwork:
    """What this prober has seen of its network; asks the reference target when in doubt."""

    def __init__(self, network: Network, reference_url: str | None) -> None:
        self._network = network
        self._reference_url = reference_url
        self._sites: dict[str, Site] = {}
        self._asking = asyncio.Lock()
        self._reference: tuple[float, str | None] | None = None

    async def judge(self, target: Target, measured: Measurement, began_s: float) -> Measurement:
        """The measurement, or that it says nothing since our own network was down.

        Args:
            began_s: when the check began, in s of time.monotonic().
        """
        site = site_of(target)
        if site is None:
            return measured
        if not _is_unreached(measured.evidence):
            if measured.evidence.http_status is not None:
                self._sites[site] = answered(self._sites.get(site, Site()), began_s)
            return measured
        self._sites[site] = failed(self._sites.get(site, Site()), time.monotonic())
        reason = await self._why_down()
        return measured if reason is None else offline(measured, reason)

    async def _why_down(self) -> str | None:
        if self._reference_url is not None:
            why = await self._reference_down(self._reference_url)
            return None if why is None else f"the reference target does not answer either ({why})"
        together = fell_together(self._sites)
        return f"fell silent together: {', '.join(together)}" if together else None

    async def _reference_down(self, url: str) -> str | None:
        async with self._asking:
            known = self._reference
            if known is None or time.monotonic() - known[0] > _REFERENCE_HOLDS_S:
                why = await why_unreachable(url, self._network)
                known = self._reference = time.monotonic(), why
            return known[1]


def offline(measured: Measurement, reason: str) -> Measurement:
    """The same evidence, and why it says nothing about the endpoint."""
    outcome = Outcome.MONITOR_OFFLINE
    return measured.model_copy(
        update={
            "outcome": outcome,
            "fault_owner": VERDICTS[outcome].fault_owner,
            "evidence": measured.evidence.model_copy(update={"own_network": reason}),
        }
    )


def _is_unreached(evidence: Evidence) -> bool:
    return evidence.http_status is None and evidence.wire_failure in _UNREACHED
