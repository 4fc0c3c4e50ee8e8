"""The fields of events as people read them: type, unit, default, meaning."""

import inspect
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo

_NAMES: dict[Any, str] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "yes/no",
    object: "any",
    UUID: "UUID",
    datetime: "time",
}
_UNITS = {"_ms": "ms", "_s": "s", "_per_s": "1/s", "_tokens": "tokens"}
_UNIT_BY_NAME = {"second": "s, Unix time", "previous_second": "s, Unix time"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an event, or of a record inside one; `says` is its type in words, and `shapes`
    are the records it may hold."""

    name: str
    says: str
    unit: str
    default: str
    meaning: str
    shapes: tuple[type[BaseModel], ...]


def fields_of(record: type[BaseModel]) -> Iterator[Field]:
    for name, info in record.model_fields.items():
        annotation = info.rebuild_annotation()
        yield Field(
            name=name,
            says=type_name(annotation),
            unit=_unit(name, annotation),
            default=_default(info),
            meaning=info.description or "",
            shapes=tuple(_shapes(annotation)),
        )


def all_shapes(records: Iterable[type[BaseModel]]) -> dict[str, type[BaseModel]]:
    """Every record that one of these holds, however deep, by its name."""
    found: dict[str, type[BaseModel]] = {}
    unread = list(records)
    while unread:
        for field in fields_of(unread.pop()):
            unread += [shape for shape in field.shapes if shape.__name__ not in found]
            found |= {shape.__name__: shape for shape in field.shapes}
    return found


def type_name(annotation: Any) -> str:
    """`list of text`, `UUID or nothing`, `one of ...`, a link to a record's section."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_name(arguments[0])
    if origin is Literal:
        return _one_of(arguments)
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin is not None:
        inner = [type_name(part) for part in arguments if part is not Ellipsis]
        return {tuple: "list of {}", dict: "map of {} to {}"}[origin].format(*inner)
    return _NAMES.get(annotation) or _class_name(annotation)


def _one_of(values: Iterable[object]) -> str:
    return "one of " + ", ".join(f"`{value}`" for value in values)


def _union(parts: tuple[Any, ...]) -> str:
    some = [type_name(part) for part in parts if part is not type(None)]
    return " or ".join([*some, "nothing"] if len(some) < len(parts) else some)


def _class_name(kind: type) -> str:
    if issubclass(kind, StrEnum):
        return _one_of(member.value for member in kind)
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def _shapes(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _shapes(part)


def _unit(name: str, annotation: Any) -> str:
    if "time" in type_name(annotation).split():
        return "UTC, microseconds"
    if name in _UNIT_BY_NAME:
        return _UNIT_BY_NAME[name]
    # The longest ending wins: `tokens_per_s` is a rate, not seconds.
    endings = sorted((ending for ending in _UNITS if name.endswith(ending)), key=len)
    return _UNITS[endings[-1]] if endings else ""


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if value is None or isinstance(value, BaseModel) or value in ((), {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`"
