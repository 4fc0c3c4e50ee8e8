"""The FastAPI application: every route, and what surrounds them."""

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from arguslm_query_api.auth.guard import Guard
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.door import Door
from arguslm_query_api.http import (
    accounts,
    alerts,
    auth,
    benchmark_stream,
    benchmarks,
    budgets,
    channels,
    checks,
    costs,
    docs,
    live,
    models,
    monitoring,
    overview,
    probes,
    providers,
    rules,
    system,
)
from arguslm_query_api.http.openapi import describe
from arguslm_query_api.http.paths import API
from arguslm_query_api.http.problems import add_problem_handlers
from arguslm_query_api.http.requests import Requests

_RESOURCES = (
    auth,
    accounts,
    providers,
    models,
    overview,
    probes,
    checks,
    costs,
    budgets,
    monitoring,
    benchmarks,
    benchmark_stream,
    rules,
    channels,
    alerts,
    live,
)


@cache
def _routes() -> list[BaseRoute]:
    """Made once, which takes longest: they know nothing of a door."""
    every = APIRouter(generate_unique_id_function=_operation_id, redirect_slashes=False)
    for resource in _RESOURCES:
        every.include_router(resource.router, prefix=API)
    every.include_router(system.router)
    every.include_router(docs.router)
    every.add_api_route("/openapi.json", _openapi, include_in_schema=False)
    return every.routes


async def _openapi(request: Request, who: Viewer) -> Response:
    return JSONResponse(request.app.openapi())


def describe_only() -> FastAPI:
    """The application without anything behind it: for its OpenAPI document."""
    app = FastAPI(
        routes=_routes(),
        title="ArgusLM",
        version=system.VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    describe(app)
    return app


def create_app(door: Door) -> FastAPI:
    """The application on these services."""
    app = describe_only()
    app.state.door = door
    add_problem_handlers(app)
    # The last one added is the outermost.
    app.add_middleware(Guard, authenticator=door.authenticator, origins=door.origins)
    app.add_middleware(Requests)
    directory = door.settings.dashboard_dir
    if directory is not None:
        app.frontend("/", directory=directory, fallback="index.html")
    else:
        app.add_api_route("/", _root, include_in_schema=False)
    return app


async def _root() -> dict[str, Any]:
    """What ArgusLM 0.x answered; there is no dashboard to serve."""
    return {"status": "ok", "docs": "/docs", "health": "/health"}


def _operation_id(route: APIRoute) -> str:
    return route.name
