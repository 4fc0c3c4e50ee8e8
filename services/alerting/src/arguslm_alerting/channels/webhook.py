"""The webhook: a JSON body, CloudEvents headers, and a key that is the same for every try."""

import asyncio
from datetime import UTC
from urllib.parse import quote

import httpx

from arguslm_alerting.channels.egress import addresses
from arguslm_alerting.channels.notice import Notice, NotTold
from arguslm_alerting.channels.quiet import silence_libraries
from arguslm_egress.policy import EgressPolicy

_TIMEOUT_S = 10.0
_TYPES = {"raised": "alert.raised", "resolved": "alert.resolved", "test": "test"}


class Webhook:
    """`timeout_s` bounds a whole delivery: resolving, connecting, answering."""

    def __init__(self, egress: EgressPolicy, *, timeout_s: float = _TIMEOUT_S) -> None:
        self._egress = egress
        self._timeout_s = timeout_s
        silence_libraries()
        # A transport of its own: proxies from the environment would undo the egress check.
        self._client = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None)),
            follow_redirects=False,
            timeout=timeout_s,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, address: str, notice: Notice) -> None:
        """POST the notice; any 2xx is success.

        Raises:
            NotTold: anything else, without the address.
        """
        url = _url(address)
        try:
            async with asyncio.timeout(self._timeout_s):
                status = await self._post(url, notice)
        except TimeoutError:
            raise NotTold(f"no answer within {self._timeout_s:g} s") from None
        if not 200 <= status < 300:
            raise NotTold(f"answered HTTP {status}")

    async def _post(self, url: httpx.URL, notice: Notice) -> int:
        """The status of the answer; the address that was checked is the one that is connected."""
        port = url.port or (443 if url.scheme == "https" else 80)
        failure: httpx.TransportError | None = None
        for address in await addresses(self._egress, url.host, port):
            request = self._client.build_request(
                "POST",
                url.copy_with(host=address),
                json=_body(notice),
                headers={**_headers(notice), "host": url.netloc.decode()},
                extensions={"sni_hostname": url.host},
            )
            try:
                response = await self._client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = error
                continue
            except httpx.TransportError as error:
                raise NotTold(f"the delivery broke ({type(error).__name__})") from None
            await response.aclose()
            return response.status_code
        raise NotTold(f"no connection ({type(failure).__name__})")


def _url(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError):
        raise NotTold("the address is no URL", final=True) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise NotTold("the address is neither http:// nor https://", final=True)
    return url


def _headers(notice: Notice) -> dict[str, str]:
    time = notice.time.astimezone(UTC).isoformat(timespec="microseconds")
    return {
        "user-agent": "ArgusLM",
        "idempotency-key": notice.idempotency_key,
        "ce-specversion": "1.0",
        "ce-id": quote(notice.event_id, safe=":/.-_~"),
        "ce-type": notice.event_type,
        "ce-source": "/arguslm/alerting",
        "ce-time": time.replace("+00:00", "Z"),
    }


def _body(notice: Notice) -> dict[str, object]:
    return {"type": _TYPES[notice.transition], "alert": notice.alert, "text": notice.text}
