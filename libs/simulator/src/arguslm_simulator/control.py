"""The control door beside the dialects: health, statistics, and the scenario as it may change."""

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from arguslm_simulator.behaviour import Behaviour, ScenarioError
from arguslm_simulator.dialects.dialect import Refused
from arguslm_simulator.dialects.openai import model_not_found, refusal
from arguslm_simulator.http1 import Request
from arguslm_simulator.live import LiveScenario
from arguslm_simulator.stats import Recorder

_PREFIX = "/__scenario"


class Control:
    """It has no lock, because the server stays on loopback unless its user says otherwise."""

    def __init__(self, live: LiveScenario, recorder: Recorder) -> None:
        self._live = live
        self._recorder = recorder

    def document(self, request: Request) -> Any:
        """The answer, or None where the path is none of ours; raises `Refused`."""
        path = request.path
        if path == "/health":
            allow(request, "GET")
            return {"status": "ok"}
        if path == "/__stats":
            allow(request, "GET")
            return self._recorder.snapshot().to_json()
        if path == _PREFIX:
            allow(request, "GET")
            return {name: self._live[name].to_json() for name in self._live}
        if path.startswith(f"{_PREFIX}/"):
            return self._behaviour(request, unquote(path.removeprefix(f"{_PREFIX}/")))
        return None

    def _behaviour(self, request: Request, model: str) -> Any:
        """GET reads a behaviour, PUT changes the given fields (or adds a model), DELETE removes."""
        allow(request, "GET", "PUT", "DELETE")
        if model not in self._live and request.method != "PUT":
            raise Refused(model_not_found(model))
        if request.method == "PUT":
            self._put(model, request.body)
        behaviour = self._live[model]
        if request.method == "DELETE":
            self._live.remove(model)
        return behaviour.to_json()

    def _put(self, model: str, body: bytes) -> None:
        try:
            changes = json.loads(body)
            if not isinstance(changes, dict):
                raise ScenarioError("a behaviour is an object of fields to change")
            if model in self._live:
                self._live.set(model, changes)
            else:
                self._live.add(model, Behaviour().changed(changes))
        except ValueError as error:
            raise Refused(refusal(HTTPStatus.BAD_REQUEST, str(error))) from None


def allow(request: Request, *methods: str) -> None:
    """Raises `Refused` for any other method."""
    if request.method not in methods:
        raise Refused(
            refusal(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"Not allowed to {request.method} on {request.path}.",
                code="method_not_supported",
                headers={"allow": ", ".join(methods)},
            )
        )
