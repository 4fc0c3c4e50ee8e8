"""Probes: what REGISTRY says of them, and what their checks have pinned."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.probes import Probe, ProbeRemoved, ProbeState
from arguslm_contracts.probes import Embedding, Fingerprint
from arguslm_scheduler.probe_questions import Pin
from arguslm_scheduler.tables import pinned_vectors, probes
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert
from arguslm_storage.driver import rows_of

_PINS = select(pinned_vectors)
_IN_FORCE = select(probes.c.definition).order_by(probes.c.probe_id)

PinKey = tuple[UUID, UUID]
"""A probe and a model."""


async def fold_definitions(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """REGISTRY -> the probes as they are."""
    for event in (recorded.event for recorded in events):
        match event:
            case ProbeState(probe=probe):
                definition = probe.model_dump(mode="json")
                row = {"probe_id": probe.probe_id, "definition": definition}
                await upsert(connection, probes, [row])
            case ProbeRemoved(probe_id=probe_id):
                await connection.execute(delete(probes).where(probes.c.probe_id == probe_id))


async def fold_vectors(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """CHECKS -> the first vector of each text. A check repeats what it was compared with, so that
    the first one is known for as long as there is any."""
    told: dict[PinKey, list[Embedding]] = {}
    for event in (recorded.event for recorded in events):
        if isinstance(event, CheckCompleted) and event.probe_id is not None:
            embedding = event.measurement.embedding
            if embedding is not None:
                told.setdefault((event.probe_id, event.model_id), []).append(embedding)
    if not told:
        return
    known = await _pins(connection, list(told))
    rows = [
        {"probe_id": key[0], "model_id": key[1], **_pin(known.get(key), embeddings)}
        for key, embeddings in told.items()
    ]
    await upsert(connection, pinned_vectors, rows)


def _pin(before: Mapping[str, Any] | None, embeddings: Sequence[Embedding]) -> dict[str, Any]:
    pin = dict(before) if before else {"text_sha256": None, "fingerprint": None}
    for one in embeddings:
        if pin["text_sha256"] != one.text_sha256:
            first = one.pinned or one.seen
            pin = {"text_sha256": one.text_sha256, "fingerprint": first.model_dump(mode="json")}
    return {name: pin[name] for name in ("text_sha256", "fingerprint")}


async def in_force(connection: AsyncConnection) -> list[Probe]:
    stored = await rows_of(connection, _IN_FORCE)
    return [Probe.model_validate(row["definition"]) for row in stored]


async def pinned_vectors_of(
    connection: AsyncConnection, keys: Sequence[PinKey]
) -> dict[PinKey, Pin]:
    """The first vectors, where there are any."""
    return {
        key: Pin(row["text_sha256"], Fingerprint.model_validate(row["fingerprint"]))
        for key, row in (await _pins(connection, keys)).items()
    }


async def _pins(
    connection: AsyncConnection, keys: Sequence[PinKey]
) -> dict[PinKey, Mapping[str, Any]]:
    among = {
        pinned_vectors.c.probe_id: {probe_id for probe_id, _ in keys},
        pinned_vectors.c.model_id: {model_id for _, model_id in keys},
    }
    rows = await rows_among(connection, _PINS, among)
    return {(row["probe_id"], row["model_id"]): row for row in rows}
