"""What each kind of probe asks: pure, and the same whoever decides the same slot."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from arguslm_contracts.events.checks import CheckRequested
from arguslm_contracts.events.probes import Probe
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import ProbeProfile, Timeouts
from arguslm_contracts.probes import Fingerprint, ProbeKind, text_sha256
from arguslm_contracts.reply_length import token_budget
from arguslm_scheduler.model import Asked, Slot

_LEAST_PATIENCE_S = 60
_CRON_PATIENCE_S = 300
_PLAIN = Timeouts()
_LONG_ANSWERS = Timeouts(total_s=180)
_LONG_QUESTIONS = Timeouts(headers_s=90, first_token_s=120, total_s=180)

_COLOURS = ("amber", "crimson", "indigo", "olive", "teal", "violet", "ivory", "copper")
_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "rivers": {"type": "integer"}},
    "required": ["city", "rivers"],
    "additionalProperties": False,
}
_FILLER = (
    "The clerk wrote the weather of the day into the book, turned the page and went on.",
    "Boats came in with the tide, were counted, and left again before the bell was rung.",
    "Nobody on the hill remembered who had planted the trees along the road to the mill.",
    "In the evening the lamps were lit one after the other, from the harbour to the square.",
)
_DEFAULT_CONTEXT_WORDS = 2_000


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, what its answer must hold, and how long an answer may be."""

    prompt: str
    max_tokens: int
    expected_answer: str | None = None
    answer_schema: dict[str, object] | None = None
    timeouts: Timeouts = _PLAIN


# Those that chance has no part in.
_STANDING = {
    ProbeKind.THROUGHPUT: Question(
        "Write an account of how a harbour town wakes up in the morning, in about 400 words.",
        600,
        timeouts=_LONG_ANSWERS,
    ),
    ProbeKind.JSON_MODE: Question(
        "Reply with a JSON object that has the keys city and country, about Rome.", 200
    ),
    ProbeKind.JSON_SCHEMA: Question(
        "Reply with a JSON object: a city in Europe, and how many rivers run through it.",
        200,
        answer_schema=_SCHEMA,
    ),
    ProbeKind.TOOL_CALL: Question(
        "What is the weather in Paris today, in celsius? Use the tool that tells it.", 200
    ),
    ProbeKind.EMBEDDING: Question("The harbour lamps were lit one after the other.", 1),
}


@dataclass(frozen=True, slots=True)
class Pin:
    """The first vector that a probe got from a model, and the text that it is of."""

    text_sha256: str
    fingerprint: Fingerprint


def probe_request(probe: Probe, slot: Slot, asked: Asked, pin: Pin | None) -> CheckRequested:
    """The request of a probe's slot. Whoever decides it, it is the same request."""
    request_id = derive("probe", probe.probe_id, slot.model_id, slot.location, slot.due_s)
    due_at = datetime.fromtimestamp(slot.due_s, UTC)
    patience_s = max(probe.interval_s or _CRON_PATIENCE_S, _LEAST_PATIENCE_S)
    return CheckRequested(
        request_id=request_id,
        model_id=slot.model_id,
        location=slot.location,
        purpose="scheduled",
        due_at=due_at,
        expires_at=due_at + timedelta(seconds=patience_s),
        target=asked.target,
        probe=_profile(probe, request_id, asked, pin),
        probe_id=probe.probe_id,
    )


def _profile(probe: Probe, request_id: UUID, asked: Asked, pin: Pin | None) -> ProbeProfile:
    question = question_of(probe, request_id)
    pinned = None
    if pin is not None and pin.text_sha256 == text_sha256(question.prompt):
        pinned = pin.fingerprint
    max_tokens = token_budget(probe.max_tokens or question.max_tokens, asked.longest_reply_tokens)
    return ProbeProfile(
        prompt=question.prompt,
        max_tokens=max_tokens,
        timeouts=question.timeouts,
        kind=probe.kind,
        reasoning_effort="low",
        expected_answer=question.expected_answer,
        answer_schema=question.answer_schema,
        assertions=probe.assertions,
        finding_level=probe.finding_level,
        pinned=pinned,
    )


def question_of(probe: Probe, request_id: UUID) -> Question:
    """What is asked; where chance has a part in it, the request's id decides."""
    # Not a secret: it must only be another question each time.
    chance = random.Random(request_id.int)  # noqa: S311
    if probe.kind is ProbeKind.CANARY:
        return _canary(probe, chance)
    if probe.kind is ProbeKind.LONG_CONTEXT:
        return _needle(probe, chance)
    question = _STANDING[probe.kind]
    schema = question.answer_schema and (probe.answer_schema or question.answer_schema)
    return replace(question, prompt=probe.prompt or question.prompt, answer_schema=schema)


def _canary(probe: Probe, chance: random.Random) -> Question:
    """A random question whose answer stands in the prompt."""
    codes = {colour: _code(chance) for colour in chance.sample(_COLOURS, 4)}
    asked = chance.choice(list(codes))
    told = ", ".join(f"{colour} is {code}" for colour, code in codes.items())
    prompt = f"These are codes of colours: {told}. Reply with the code of {asked} and nothing else."
    introduction = f"{probe.prompt}\n\n" if probe.prompt else ""
    return Question(introduction + prompt, 60, expected_answer=codes[asked])


def _needle(probe: Probe, chance: random.Random) -> Question:
    """One sentence that matters, somewhere in many that do not."""
    words, sentences = probe.context_words or _DEFAULT_CONTEXT_WORDS, list[str]()
    while words > 0:
        sentences.append(chance.choice(_FILLER))
        words -= len(sentences[-1].split())
    code = _code(chance)
    sentences.insert(chance.randrange(len(sentences) + 1), f"The code of the vault is {code}.")
    prompt = " ".join(sentences) + "\n\nReply with the code of the vault and nothing else."
    return Question(prompt, 60, expected_answer=code, timeouts=_LONG_QUESTIONS)


def _code(chance: random.Random) -> str:
    letters = "".join(chance.choices("BCDFGHJKLMNPQRSTVWXZ", k=2))
    return f"{letters}-{chance.randrange(100, 1000)}"
