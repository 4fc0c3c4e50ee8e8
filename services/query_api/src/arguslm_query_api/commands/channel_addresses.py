"""Where a channel may lead: checked by form, so that nothing is loaded or run for a check."""

import difflib
import re
from urllib.parse import urlsplit

from arguslm_contracts.apprise_schemes import ANY_HOST_SCHEMES, LOCAL_SCHEMES, SCHEMES
from arguslm_contracts.events.registry import ChannelKind
from arguslm_egress.policy import EgressPolicy
from arguslm_query_api.commands.provider_fields import check_address
from arguslm_query_api.refusals import Invalid

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_WEB = frozenset({"http", "https"})


async def check_channel_url(kind: ChannelKind, url: str, egress: EgressPolicy) -> None:
    """Raises Invalid; its text holds nothing of the URL but the scheme."""
    found = _SCHEME.match(url)
    if found is None:
        example = "https://..." if kind == "webhook" else "tgram://..."
        raise Invalid(f"the address has to begin like {example}", field="url")
    scheme = found.group(1).lower()
    if kind == "webhook" and scheme not in _WEB:
        raise Invalid(
            "a webhook has to be an http or https address; other services are of kind 'apprise'",
            field="url",
        )
    if kind == "apprise":
        _check_service(scheme)
    if scheme in _WEB | ANY_HOST_SCHEMES:
        if not urlsplit(url).hostname:
            raise Invalid("the address has no host", field="url")
        secure = scheme.endswith("s")
        await check_address(
            f"{'https' if secure else 'http'}{url[len(scheme) :]}", egress, field="url"
        )


def _check_service(scheme: str) -> None:
    """Web addresses are let through: Apprise knows some services by the address they show."""
    if scheme in LOCAL_SCHEMES:
        raise Invalid(f"{scheme}:// would act on this machine; it is not allowed", field="url")
    if scheme not in _WEB | SCHEMES:
        near = difflib.get_close_matches(scheme, SCHEMES, n=3, cutoff=0.6)
        hint = f"did you mean {' or '.join(f'{one}://' for one in near)}? " if near else ""
        raise Invalid(
            f"Apprise has no service {scheme[:40]}://; {hint}All are at "
            "https://github.com/caronc/apprise/wiki",
            field="url",
        )
