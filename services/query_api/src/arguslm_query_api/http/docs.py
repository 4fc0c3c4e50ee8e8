"""/docs and /redoc from our own files: no browser of ours asks a stranger's server for scripts."""

from importlib.resources import files
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from arguslm_query_api.auth.roles import Viewer

router = APIRouter(include_in_schema=False)

_ASSETS = files("fastapi_offline") / "static"
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>ArgusLM API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">{head}</head>
<body>{body}</body></html>
"""
_SWAGGER = _PAGE.format(
    head='<link rel="stylesheet" href="/docs/assets/swagger-ui.css">',
    body='<div id="swagger-ui"></div><script src="/docs/assets/swagger-ui-bundle.js"></script>'
    '<script src="/docs/start.js"></script>',
)
_REDOC = _PAGE.format(
    head="",
    body='<redoc spec-url="/openapi.json"></redoc>'
    '<script src="/docs/assets/redoc.standalone.js"></script>',
)
_START = """SwaggerUIBundle({url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true});
"""
Asset = Literal["swagger-ui.css", "swagger-ui-bundle.js", "redoc.standalone.js"]


@router.get("/docs")
async def swagger_ui(who: Viewer) -> Response:
    return HTMLResponse(_SWAGGER)


@router.get("/docs/start.js")
async def swagger_start(who: Viewer) -> Response:
    return Response(_START, media_type="text/javascript")


@router.get("/docs/assets/{name}")
async def docs_asset(name: Asset, who: Viewer) -> Response:
    return FileResponse(str(_ASSETS / name), headers={"Cache-Control": "private, max-age=86400"})


@router.get("/redoc")
async def redoc(who: Viewer) -> Response:
    return HTMLResponse(_REDOC)
