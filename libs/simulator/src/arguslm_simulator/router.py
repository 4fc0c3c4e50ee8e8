"""What is behind each path: OpenAI's API under /v1, the control door beside it."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from urllib.parse import unquote

from arguslm_simulator import openai_form as form
from arguslm_simulator.behaviour import Behaviour, Fault, ScenarioError
from arguslm_simulator.chat_request import parse_chat_request
from arguslm_simulator.http1 import Request
from arguslm_simulator.live import LiveScenario
from arguslm_simulator.script import Act, Step, error_step, json_step
from arguslm_simulator.stats import Recorder

CONTROL_PREFIX = "/__scenario"


@dataclass(frozen=True, slots=True)
class Reply:
    """`is_chat`: counts as in flight, and its frames' lateness is recorded."""

    steps: Iterator[Step]
    is_chat: bool = False


class Router:
    """Answers requests. `api_key` None = every key, or none, is good enough.

    The key guards /v1; the control door has no lock, because the server stays on loopback unless
    its user says otherwise.
    """

    def __init__(self, live: LiveScenario, recorder: Recorder, api_key: str | None) -> None:
        self._live = live
        self._recorder = recorder
        self._authorization = None if api_key is None else f"Bearer {api_key}".encode()
        self._answer_numbers = count(1)

    def reply(self, request: Request, read_ns: int) -> Reply:
        """`read_ns`: monotonic time at which the request was fully read."""
        answer_id = f"sim-{next(self._answer_numbers):08d}"
        headers = {"x-request-id": answer_id, "x-request-read-ns": str(read_ns)}
        try:
            if request.path == "/v1/chat/completions":
                return self._chat(request, answer_id, headers)
            step = json_step(HTTPStatus.OK, self._document(request), headers)
        except form.ApiError as error:
            step = error_step(error, headers)
        return Reply(iter([step]))

    def _document(self, request: Request) -> bytes:
        path = request.path
        if path == "/v1/models":
            _allow(request, "GET")
            self._check_key(request)
            return form.model_list(self._live)
        if path == "/health":
            _allow(request, "GET")
            return form.to_json({"status": "ok"})
        if path == "/__stats":
            _allow(request, "GET")
            return form.to_json(self._recorder.snapshot().to_json())
        if path == CONTROL_PREFIX:
            _allow(request, "GET")
            return form.to_json({name: self._live[name].to_json() for name in self._live})
        if path.startswith(f"{CONTROL_PREFIX}/"):
            return self._control(request, unquote(path.removeprefix(f"{CONTROL_PREFIX}/")))
        raise form.ApiError(
            HTTPStatus.NOT_FOUND,
            f"Unknown request URL: {request.method} {path}. Please check the URL for typos.",
            code="unknown_url",
        )

    def _chat(self, request: Request, answer_id: str, headers: dict[str, str]) -> Reply:
        _allow(request, "POST")
        self._check_key(request)
        chat = parse_chat_request(request.body)
        if chat.model not in self._live:
            raise form.model_not_found(chat.model)
        behaviour = self._live[chat.model]
        fault = self._live.next_fault(chat.model)
        self._recorder.requests[chat.model] += 1
        if fault is not Fault.NONE:
            self._recorder.faults[chat.model] += 1
        act = Act(chat, behaviour, fault, f"chatcmpl-{answer_id}", headers)
        return Reply(act.steps(), is_chat=True)

    def _control(self, request: Request, model: str) -> bytes:
        """GET reads a behaviour, PUT changes the given fields (or adds a model), DELETE removes."""
        _allow(request, "GET", "PUT", "DELETE")
        known = model in self._live
        if not known and request.method != "PUT":
            raise form.model_not_found(model)
        if request.method == "PUT":
            self._put(model, request.body)
        behaviour = self._live[model]
        if request.method == "DELETE":
            self._live.remove(model)
        return form.to_json(behaviour.to_json())

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
            raise form.ApiError(HTTPStatus.BAD_REQUEST, str(error)) from None

    def _check_key(self, request: Request) -> None:
        header = request.headers.get("authorization")
        self._recorder.authorization_seen(header)
        if self._authorization is None:
            return
        # latin-1 is what the head was decoded from, so this gives the bytes that were sent.
        sent = (header or "").encode("latin-1")
        if not hmac.compare_digest(sent, self._authorization):
            raise form.invalid_api_key()


def _allow(request: Request, *methods: str) -> None:
    if request.method not in methods:
        raise form.ApiError(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"Not allowed to {request.method} on {request.path}.",
            code="method_not_supported",
            headers={"allow": ", ".join(methods)},
        )
