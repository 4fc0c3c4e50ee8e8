"""/health and /metrics"""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from arguslm_contracts.rest.system import HealthResponse
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.health import health_of
from arguslm_query_api.http.dependencies import TheDoor

router = APIRouter(tags=["system"])

VERSION = version("arguslm-query-api")


@router.get(
    "/health",
    response_model=HealthResponse,
    responses={503: {"model": HealthResponse, "description": "unhealthy"}},
)
async def health(door: TheDoor, response: Response) -> Any:
    """Whether the bus and the database answer, and how far the tables are behind the streams."""
    found = await health_of(door, VERSION)
    response.status_code = 503 if found.status == "unhealthy" else 200
    return found


@router.get("/metrics", response_class=Response)
async def metrics(who: Viewer) -> Response:
    """For Prometheus; it needs a token like everything else."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
