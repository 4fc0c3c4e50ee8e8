"""The dashboard's types are made from frontend/openapi.json: it must be what the door serves."""

import json
from pathlib import Path

from arguslm_query_api.http.application import describe_only

KEPT = Path(__file__).parents[2] / "frontend" / "openapi.json"


def test_the_kept_description_is_the_apis_own() -> None:
    served = json.dumps(describe_only().openapi(), indent=2, ensure_ascii=False) + "\n"
    assert KEPT.read_text(encoding="utf-8") == served, "frontend/openapi.json: run just openapi"
