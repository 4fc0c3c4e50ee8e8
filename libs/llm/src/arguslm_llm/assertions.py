"""What a person asserts of an answer, and where it does not hold."""

from collections.abc import Iterator
from typing import Any

import jsonschema
import orjson
import regex
from jsonpath import JSONPathEnvironment
from jsonpath.exceptions import JSONPathError
from jsonpath.token import TOKEN_DDOT
from referencing import Registry
from referencing.exceptions import Unresolvable

from arguslm_contracts.measurement import Evidence, Timing
from arguslm_contracts.probes import (
    Assertion,
    Finding,
    JsonPathAssertion,
    JsonSchemaAssertion,
    LatencyAssertion,
    RegexAssertion,
    StatusAssertion,
)

_SEARCH_WITHIN_S = 0.2
_NOTHING_FETCHED: Registry[Any] = Registry()
_SHOWN = 120

# RFC 9535, without its patterns: nothing bounds how long they search. For the same reason a path
# descends once: twice takes the square of an answer's length.
_JSONPATH = JSONPathEnvironment(strict=True)
for _function in ("match", "search"):
    del _JSONPATH.function_extensions[_function]


def check_assertion(assertion: Assertion) -> None:
    """Raises ValueError with what is wrong with its pattern, path or schema."""
    match assertion:
        case RegexAssertion():
            try:
                regex.compile(assertion.pattern)
            except regex.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        case JsonPathAssertion():
            check_path(assertion.path)
        case JsonSchemaAssertion():
            check_schema(assertion.json_schema)


def check_path(path: str) -> None:
    """Raises ValueError with what is wrong with a JSONPath."""
    try:
        _JSONPATH.compile(path)
    except JSONPathError as error:
        said = str(error).splitlines()[0]
        raise ValueError(f"not a JSONPath: {said} in {path!r}") from None
    if _descents(path) > 1:
        raise ValueError(f"a JSONPath may look everywhere below (`..`) once, in {path!r}")


def _descents(path: str) -> int:
    return sum(token.kind == TOKEN_DDOT for token in _JSONPATH.lexer.tokenize(path))


def check_schema(schema: dict[str, object]) -> None:
    """Raises ValueError with what is wrong with a JSON schema."""
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(f"not a JSON schema: {_at(error)}") from None
    except RecursionError:
        raise ValueError("the schema is nested too deeply") from None
    if {"patternProperties", "unevaluatedProperties"} <= set(_words(schema)):
        raise ValueError(
            "unevaluatedProperties cannot be beside patternProperties: say additionalProperties"
        )


def _words(schema: object) -> Iterator[str]:
    """All names in a schema, keywords among them."""
    if isinstance(schema, dict):
        yield from schema
        for part in schema.values():
            yield from _words(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _words(part)


def schema_misfit(value: object, schema: dict[str, object]) -> str | None:
    """Where a value does not fit a schema; None where it does. No other schema is fetched."""
    validator = _Validator(schema, registry=_NOTHING_FETCHED)
    try:
        error = next(iter(validator.iter_errors(value)), None)
    except Unresolvable as lost:
        return f"the schema cannot be used: it refers to {lost.ref}, which is not in it"
    except RecursionError:
        return "the schema cannot be used: it goes round in a circle"
    return None if error is None else _at(error)


def _found(pattern: str, text: str) -> bool:
    """Whether a pattern is found, which may take so long and no longer; others run meanwhile.

    Raises:
        TimeoutError: it took longer.
    """
    return regex.search(pattern, text, timeout=_SEARCH_WITHIN_S, concurrent=True) is not None


def _fits_pattern(
    _validator: Any, pattern: str, value: object, _schema: object
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(value, str):
        return
    try:
        found = _found(pattern, value)
    except TimeoutError:
        yield jsonschema.ValidationError(f"looking for {pattern!r} took too long")
        return
    if not found:
        yield jsonschema.ValidationError(f"{_shown(value)} does not match {pattern!r}")


def _fits_pattern_properties(
    validator: Any, patterns: dict[str, Any], value: object, _schema: object
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(value, dict):
        return
    for pattern, schema in patterns.items():
        for name, part in value.items():
            try:
                found = _found(pattern, name)
            except TimeoutError:
                yield jsonschema.ValidationError(f"looking for {pattern!r} took too long")
                return
            if found:
                yield from validator.descend(part, schema, path=name, schema_path=pattern)


def _fits_additional_properties(
    validator: Any, schema: object, value: object, whole: dict[str, Any]
) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(value, dict):
        return
    known, patterns = whole.get("properties", {}), whole.get("patternProperties", {})
    try:
        others = [
            name
            for name in value
            if name not in known and not any(_found(pattern, name) for pattern in patterns)
        ]
    except TimeoutError:
        return  # it is said of patternProperties
    if isinstance(schema, dict):
        for name in others:
            yield from validator.descend(value[name], schema, path=name)
    elif not schema and others:
        named = ", ".join(repr(name) for name in others)
        yield jsonschema.ValidationError(f"the schema has no {named}")


# What searches by patterns, within a time: those of jsonschema search for as long as it takes.
_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {
        "pattern": _fits_pattern,
        "patternProperties": _fits_pattern_properties,
        "additionalProperties": _fits_additional_properties,
    },
)


def json_in(answer: str) -> Any:
    """The JSON value that an answer is as a whole.

    Raises:
        ValueError: it is none.
    """
    return orjson.loads(answer)


def unmet(
    assertion: Assertion, evidence: Evidence, timing: Timing, answer: str | None
) -> Finding | None:
    """What is found where it does not hold. An `answer` of None came to no end: of it, nothing is
    asserted, for the outcome tells."""
    match assertion:
        case StatusAssertion():
            unlike = _status(assertion, evidence.http_status)
        case LatencyAssertion():
            unlike = _latency(assertion, getattr(timing, assertion.metric))
        case _:
            unlike = iter(()) if answer is None else _answer(assertion, answer)
    code, message = next(unlike, (None, ""))
    if code is None:
        return None
    return Finding(about=assertion.type, level=assertion.level, code=code, message=message)


_Unlike = Iterator[tuple[str, str]]
"""At most one code and message of what is not as asserted."""


def _status(assertion: StatusAssertion, status: int | None) -> _Unlike:
    if status is not None and status != assertion.equals:
        yield "other_status", f"answered with status {status}, not {assertion.equals}"


def _latency(assertion: LatencyAssertion, took_ms: float | None) -> _Unlike:
    limit = assertion.at_most_ms
    if took_ms is not None and took_ms > limit:
        yield "too_slow", f"{assertion.metric} is {took_ms:.0f}, more than {limit:g}"


def _answer(
    assertion: RegexAssertion | JsonPathAssertion | JsonSchemaAssertion, answer: str
) -> _Unlike:
    match assertion:
        case RegexAssertion():
            return _pattern(assertion, answer)
        case JsonPathAssertion():
            return _path(assertion, answer)
        case JsonSchemaAssertion():
            return misfits(answer, assertion.json_schema)


def misfits(answer: str, schema: dict[str, object]) -> _Unlike:
    """Whether an answer is JSON, and fits: at most one code and message."""
    try:
        value = json_in(answer)
    except ValueError:
        yield "not_json", "the answer is no JSON"
        return
    if misfit := schema_misfit(value, schema):
        yield "schema_mismatch", misfit


def _pattern(assertion: RegexAssertion, answer: str) -> _Unlike:
    try:
        found = _found(assertion.pattern, answer)
    except TimeoutError:
        yield "pattern_too_slow", f"looking for {assertion.pattern!r} took too long"
        return
    if not found:
        yield "no_match", f"nothing in the answer matches {assertion.pattern!r}"


def _path(assertion: JsonPathAssertion, answer: str) -> _Unlike:
    path, equals, contains = assertion.path, assertion.equals, assertion.contains
    try:
        check_path(path)
    except ValueError as error:
        yield "path_unusable", str(error)
        return
    try:
        found = _JSONPATH.findall(path, json_in(answer))
    except ValueError:
        yield "not_json", "the answer is no JSON"
        return
    except JSONPathError as error:
        yield "path_unusable", str(error).splitlines()[0]
        return
    if not found:
        yield "nothing_there", f"the answer has nothing at {path}"
    elif equals is not None and equals not in found:
        yield "other_value", f"{path} is {_shown(found[0])}, not {_shown(equals)}"
    elif contains is not None and not any(contains in str(one) for one in found):
        yield "other_value", f"{path} is {_shown(found[0])}, without {contains!r}"


def _at(error: jsonschema.ValidationError | jsonschema.SchemaError) -> str:
    return f"{error.json_path}: {error.message}"[:300]


def _shown(value: object) -> str:
    text = orjson.dumps(value, default=str).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
