"""Every route of the application, as somebody could ask it."""

import re
from dataclasses import dataclass
from uuid import uuid4

from fastapi.routing import iter_route_contexts
from starlette.routing import WebSocketRoute

from arguslm_query_api.http.application import describe_only


@dataclass(frozen=True)
class Route:
    method: str
    path: str

    @property
    def url(self) -> str:
        """With something in the place of every parameter."""
        known = {"offer_id": "environment:openai", "name": "swagger-ui.css"}
        return re.sub(
            r"{(\w+)(:path)?}", lambda found: known.get(found[1], str(uuid4())), self.path
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def all_routes() -> list[Route]:
    found = []
    for context in iter_route_contexts(describe_only().routes):
        path = context.path
        assert path is not None
        methods = getattr(context, "methods", None) or getattr(context.route, "methods", None)
        if isinstance(context.original_route, WebSocketRoute) or methods is None:
            found.append(Route("WEBSOCKET", path))
            continue
        found += [Route(method, path) for method in sorted(methods - {"HEAD"})]
    return found
