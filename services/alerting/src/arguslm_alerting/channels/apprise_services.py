"""Apprise's services: one address, one service, nothing that acts on this machine itself."""

import apprise

from arguslm_alerting.channels.egress import Egress
from arguslm_alerting.channels.notice import Notice, NotTold
from arguslm_alerting.channels.quiet import silence_libraries
from arguslm_contracts.apprise_schemes import ANY_HOST_SCHEMES, LOCAL_SCHEMES

_TIMEOUT_S = 20.0


class AppriseServices:
    def __init__(self, egress: Egress, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._egress = egress
        self._timeout_s = timeout_s
        self._asset = apprise.AppriseAsset(
            app_id="ArgusLM", http_redirects=False, storage_mode="memory"
        )
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
            await self._egress.addresses(service.host, service.port or 443)
        notifier = apprise.Apprise(asset=self._asset)
        notifier.add(service)
        delivered = await notifier.async_notify(
            title=f"ArgusLM: {notice.title}",
            body=notice.text,
            notify_type=_kind(notice),
            timeout=self._timeout_s,
        )
        if not delivered:
            raise NotTold("the service did not take the message")


def _kind(notice: Notice) -> apprise.NotifyType:
    if notice.transition == "raised":
        critical = notice.severity == "critical"
        return apprise.NotifyType.FAILURE if critical else apprise.NotifyType.WARNING
    if notice.transition == "resolved":
        return apprise.NotifyType.SUCCESS
    return apprise.NotifyType.INFO
