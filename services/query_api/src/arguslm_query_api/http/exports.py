"""Files of rows, sent while they are read: JSON (one array) or CSV."""

import csv
import io
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from fastapi.responses import StreamingResponse
from pydantic_core import to_json

Format = Literal["json", "csv"]
Rows = AsyncIterator[Mapping[str, Any]]

_CHUNK_ROWS = 200
_MEDIA_TYPES: dict[Format, str] = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
# A spreadsheet runs a cell that begins with one of these.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A file.",
        "content": {
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


def export(rows: Rows, format: Format, name: str, columns: Sequence[str]) -> StreamingResponse:
    """A download. `columns` head a CSV that has no rows."""
    chunks = _as_json(rows) if format == "json" else _as_csv(rows, columns)
    file_name = f"{name}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{format}"
    return StreamingResponse(
        chunks,
        media_type=_MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


async def _as_json(rows: Rows) -> AsyncIterator[bytes]:
    opening = b"["
    async for some in _chunks(rows):
        yield opening + b",\n".join(to_json(row) for row in some)
        opening = b",\n"
    yield b"]" if opening != b"[" else b"[]"


async def _as_csv(rows: Rows, columns: Sequence[str]) -> AsyncIterator[str]:
    headed = False
    async for some in _chunks(rows):
        text = io.StringIO()
        writer = csv.writer(text)
        if not headed:
            writer.writerow(some[0])
            headed = True
        writer.writerows([_cell(value) for value in row.values()] for row in some)
        yield text.getvalue()
    if not headed:
        yield ",".join(columns) + "\r\n"


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


async def _chunks(rows: Rows) -> AsyncIterator[list[Mapping[str, Any]]]:
    some: list[Mapping[str, Any]] = []
    async for row in rows:
        some.append(row)
        if len(some) == _CHUNK_ROWS:
            yield some
            some = []
    if some:
        yield some
