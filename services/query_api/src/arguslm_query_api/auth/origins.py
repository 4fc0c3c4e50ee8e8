"""Which web pages may use a browser's session: our own, and those that were allowed.

A browser sends its cookies along with what any page asks for; the Origin header says which page.
"""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from arguslm_query_api.refusals import Forbidden
from arguslm_query_api.settings import Settings


class Origins:
    def __init__(self, settings: Settings) -> None:
        self._allowed = {origin.rstrip("/").lower() for origin in settings.allowed_origins}
        if settings.public_url is not None:
            parts = urlsplit(settings.public_url)
            self._allowed.add(f"{parts.scheme}://{parts.netloc}".lower())

    def check(self, connection: HTTPConnection, *, required: bool) -> None:
        """Raises Forbidden when another site's page asks, or (`required`) nobody says which."""
        origin = connection.headers.get("origin")
        if origin is None:
            if required:
                raise Forbidden("a session cookie needs an Origin header here")
            return
        same_host = urlsplit(origin).netloc.lower() == connection.headers.get("host", "").lower()
        if not same_host and origin.lower() not in self._allowed:
            raise Forbidden("another site's page may not do this")
