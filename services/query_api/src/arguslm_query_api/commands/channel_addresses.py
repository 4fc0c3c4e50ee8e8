"""Where a channel may lead: checked by form, so that nothing is loaded or run for a check."""

import re
from urllib.parse import urlsplit

from arguslm_contracts.events.registry import ChannelKind
from arguslm_llm.egress import EgressPolicy
from arguslm_query_api.commands.provider_fields import check_address
from arguslm_query_api.refusals import Invalid

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
# Apprise schemes that act on the notifier's own machine instead of telling somebody.
_LOCAL = frozenset(
    {
        "dbus",
        "exec",
        "file",
        "gnome",
        "glib",
        "kde",
        "macosx",
        "qt",
        "syslog",
        "windows",
    }
)
# Apprise schemes with an address of somebody's choosing, which our egress policy has a say in.
_WITH_HOST = frozenset({"form", "forms", "http", "https", "json", "jsons", "xml", "xmls"})


async def check_channel_url(kind: ChannelKind, url: str, egress: EgressPolicy) -> None:
    """Raises Invalid; its text holds nothing of the URL but the scheme."""
    found = _SCHEME.match(url)
    if found is None:
        example = "https://..." if kind == "webhook" else "tgram://..."
        raise Invalid(f"the address has to begin like {example}", field="url")
    scheme = found.group(1).lower()
    if kind == "webhook" and scheme not in ("http", "https"):
        raise Invalid("a webhook has to be an http or https address", field="url")
    if scheme in _LOCAL:
        raise Invalid(f"{scheme}:// would act on this machine; it is not allowed", field="url")
    if kind == "webhook" or scheme in _WITH_HOST:
        if not urlsplit(url).hostname:
            raise Invalid("the address has no host", field="url")
        secure = scheme.endswith("s")
        await check_address(
            f"{'https' if secure else 'http'}{url[len(scheme) :]}", egress, field="url"
        )
