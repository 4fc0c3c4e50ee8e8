"""Apprise's services: one address, one service, nothing that acts on this machine itself."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import apprise

from arguslm_alerting.channels.egress import addresses
from arguslm_alerting.channels.notice import Notice, NotTold
from arguslm_alerting.channels.quiet import silence_libraries
from arguslm_contracts.apprise_schemes import ANY_HOST_SCHEMES, LOCAL_SCHEMES
from arguslm_egress.policy import EgressPolicy

_TIMEOUT_S = 20.0
# Apprise has six threads on two cores for all its services: one that hangs would hold them all.
_AT_ONCE = 256


class AppriseServices:
    def __init__(self, egress: EgressPolicy, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._egress = egress
        self._timeout_s = timeout_s
        self._asset = apprise.AppriseAsset(
            app_id="ArgusLM", http_redirects=False, storage_mode="memory"
        )
        self._sending = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="apprise")
        silence_libraries()

    async def send(self, address: str, notice: Notice) -> None:
        """Hand the notice to the one service of the address.

        Raises:
            NotTold: refused, not understood, or not delivered; without the address.
        """
        scheme = address.partition("://")[0].strip().lower()
        if scheme in LOCAL_SCHEMES:
            raise NotTold("services on the monitor's own machine are not allowed", final=True)
        service = apprise.Apprise.instantiate(address, asset=self._asset)
        if service is None:
            raise NotTold("the address is none that Apprise understands", final=True)
        if scheme in ANY_HOST_SCHEMES:
            await addresses(self._egress, service.host, service.port or 443)
        send = partial(
            service.notify,
            title=f"ArgusLM: {notice.title}",
            body=notice.text,
            notify_type=_kind(notice),
        )
        try:
            async with asyncio.timeout(self._timeout_s):
                delivered = await asyncio.get_running_loop().run_in_executor(self._sending, send)
        except TimeoutError:
            raise NotTold(f"no answer within {self._timeout_s:g} s") from None
        except Exception as error:  # a service raises what it likes, its address in the text
            kind = type(error).__name__
            raise NotTold(f"the service did not take the message ({kind})") from None
        if not delivered:
            raise NotTold("the service did not take the message")

    def close(self) -> None:
        """Who is still sending is not waited for."""
        self._sending.shutdown(wait=False, cancel_futures=True)


def _kind(notice: Notice) -> apprise.NotifyType:
    if notice.transition == "raised":
        critical = notice.severity == "critical"
        return apprise.NotifyType.FAILURE if critical else apprise.NotifyType.WARNING
    if notice.transition == "resolved":
        return apprise.NotifyType.SUCCESS
    return apprise.NotifyType.INFO
