"""The headers that tell a browser what our pages may do: only what comes from ourselves."""

from starlette.datastructures import MutableHeaders
from starlette.types import Scope

from arguslm_query_api.http.paths import GUARDED

_DASHBOARD = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Swagger UI and ReDoc draw their own images; ReDoc searches in a worker made from a blob.
_DOCS = f"{_DASHBOARD}; worker-src 'self' blob:"

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def _cache_control(path: str) -> str:
    """What the API says is nobody's to keep; the dashboard's assets are named by their hash."""
    if path.startswith(GUARDED) or path == "/health":
        return "no-store"
    return "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-cache"


def set_security_headers(headers: MutableHeaders, scope: Scope) -> None:
    for name, value in _ALWAYS.items():
        headers[name] = value
    docs = scope["path"].startswith(("/docs", "/redoc"))
    headers["Content-Security-Policy"] = _DOCS if docs else _DASHBOARD
    headers.setdefault("Cache-Control", _cache_control(scope["path"]))
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = "max-age=31536000"
