"""What is behind each path: every dialect at its vendor's own, the control door beside them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from urllib.parse import unquote

from arguslm_simulator.behaviour import Fault
from arguslm_simulator.control import Control, allow
from arguslm_simulator.dialects import DIALECTS
from arguslm_simulator.dialects.dialect import Dialect, Place, Refused
from arguslm_simulator.dialects.openai import refusal
from arguslm_simulator.frames import to_json
from arguslm_simulator.http1 import Request
from arguslm_simulator.live import LiveScenario
from arguslm_simulator.question import BadRequest
from arguslm_simulator.script import Act, Step, json_step, refusal_step
from arguslm_simulator.stats import Recorder


@dataclass(frozen=True, slots=True)
class Reply:
    """`is_chat`: counts as in flight, and its frames' lateness is recorded."""

    steps: Iterator[Step]
    is_chat: bool = False


class Router:
    """Answers requests. `api_key` None = every key, or none, is good enough."""

    def __init__(self, live: LiveScenario, recorder: Recorder, api_key: str | None) -> None:
        self._live = live
        self._recorder = recorder
        self._control = Control(live, recorder)
        self._api_key = api_key
        self._answer_numbers = count(1)

    def reply(self, request: Request, read_ns: int) -> Reply:
        """`read_ns`: monotonic time at which the request was fully read."""
        answer_id = f"sim-{next(self._answer_numbers):08d}"
        headers = {"x-request-id": answer_id, "x-request-read-ns": str(read_ns)}
        try:
            document = self._control.document(request)
            if document is not None:
                return _whole(document, headers)
            return self._in_dialect(request, answer_id, headers)
        except Refused as refused:
            return Reply(iter([refusal_step(refused.refusal, headers)]))

    def _in_dialect(self, request: Request, answer_id: str, headers: dict[str, str]) -> Reply:
        for dialect in DIALECTS:
            for place in dialect.places:
                if found := place.path.fullmatch(request.path):
                    allow(request, "POST")
                    parts = {name: unquote(part) for name, part in found.groupdict().items()}
                    return self._asked(dialect, place, request, parts, answer_id, headers)
            if dialect.lists_at(request):
                allow(request, "GET")
                return self._list(dialect, request, headers)
        raise Refused(
            refusal(
                HTTPStatus.NOT_FOUND,
                f"Unknown request URL: {request.method} {request.path}. "
                "Please check the URL for typos.",
                code="unknown_url",
            )
        )

    def _list(self, dialect: Dialect, request: Request, headers: dict[str, str]) -> Reply:
        self._check_key(dialect, request)
        try:
            return _whole(dialect.models(list(self._live), request), headers)
        except BadRequest as error:
            raise Refused(dialect.bad_request(error)) from None

    def _asked(
        self,
        dialect: Dialect,
        place: Place,
        request: Request,
        parts: Mapping[str, str],
        answer_id: str,
        headers: dict[str, str],
    ) -> Reply:
        headers[dialect.id_header] = answer_id
        self._check_key(dialect, request)
        try:
            question = place.read(request, parts)
        except BadRequest as error:
            raise Refused(dialect.bad_request(error)) from None
        if question.model not in self._live:
            raise Refused(dialect.refusal(Fault.MODEL_GONE, question.model))
        behaviour = self._live[question.model]
        fault, schedule = self._live.next_request(question.model, dialect.faults)
        self._recorder.requests[question.model] += 1
        if fault is not Fault.NONE:
            self._recorder.faults[question.model] += 1
        act = Act(dialect, question, behaviour, fault, schedule, answer_id, headers)
        return Reply(act.steps(), is_chat=True)

    def _check_key(self, dialect: Dialect, request: Request) -> None:
        self._recorder.authorization_seen(dialect.credential(request))
        if self._api_key is not None and not dialect.admits(request, self._api_key):
            raise Refused(dialect.refusal(Fault.HTTP_401, ""))


def _whole(document: object, headers: dict[str, str]) -> Reply:
    return Reply(iter([json_step(HTTPStatus.OK, to_json(document), headers)]))
