"""Testing a connection: a check like any other, and the wait for its completion."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from arguslm_contracts.events.checks import CheckCompleted, CheckRequested
from arguslm_contracts.measurement import ProbeProfile, Target, Timeouts
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_contracts.rest.providers import ProviderCreate, ProviderTestResponse
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.provider_fields import checked_fields
from arguslm_query_api.commands.providers import sealed, stored, target_of
from arguslm_query_api.door import Door
from arguslm_query_api.reads import checks, monitoring
from arguslm_query_api.refusals import Invalid

WAIT_S = 45.0
# A person waits: sooner than a scheduled check, and within WAIT_S with the discovery before it.
_PATIENCE = Timeouts(connect_s=5, headers_s=20, first_token_s=20, gap_s=10, total_s=25)
_PROMPT = PROMPT_PACKS["health_check"].prompt


async def test_new(door: Door, attempt: Attempt, body: ProviderCreate) -> ProviderTestResponse:
    """Ask an endpoint that is not saved; `credentials` may name the `model` to ask."""
    credentials = dict(body.credentials)
    model = credentials.pop("model", None)
    if model is not None and not isinstance(model, str):
        raise Invalid("model has to be a name", field="credentials.model")
    fields = await checked_fields(body.provider_type, credentials, door.egress)
    target = Target(
        provider_id=str(attempt.id),
        provider_type=body.provider_type,
        provider_name=body.display_name,
        base_url=fields.base_url,
        settings=fields.settings,
        credentials=sealed(fields, door.vault),
        model=model or None,
    )
    return await _test(door, attempt, target)


async def test_stored(door: Door, attempt: Attempt, provider_id: UUID) -> ProviderTestResponse:
    """Ask a saved provider, with the credentials it has."""
    provider, _, _ = await stored(door, provider_id)
    return await _test(door, attempt, target_of(provider, None))


async def _test(door: Door, attempt: Attempt, target: Target) -> ProviderTestResponse:
    async with door.database.reading() as connection:
        config = await monitoring.get_config(connection)
    now = datetime.now(UTC)
    request = CheckRequested(
        request_id=attempt.id,
        model_id=attempt.id,
        location=door.settings.location,
        purpose="connection_test",
        due_at=now,
        expires_at=now + timedelta(seconds=WAIT_S),
        target=target,
        probe=ProbeProfile(prompt=_PROMPT, max_tokens=config.max_tokens, timeouts=_PATIENCE),
    )
    completed = await _completion(door, attempt, request)
    if completed is None:
        return ProviderTestResponse(
            success=False,
            message=f"No answer from the prober within {WAIT_S:.0f} s; is it running?",
        )
    return result_of(completed)


async def _completion(
    door: Door, attempt: Attempt, request: CheckRequested
) -> CheckCompleted | None:
    async with door.feed.subscribe() as happenings:
        if await door.recorder.repeated(attempt, CheckRequested, request.key) is None:
            await door.recorder.ask(request, attempt)
        elif (completed := await _completed(door, request)) is not None:
            return completed
        seen = await happenings.first(
            lambda recorded: (
                isinstance(recorded.event, CheckCompleted)
                and recorded.event.check_id == request.request_id
            ),
            WAIT_S,
        )
    if seen is not None and isinstance(seen.event, CheckCompleted):
        return seen.event
    return await _completed(door, request)


async def _completed(door: Door, request: CheckRequested) -> CheckCompleted | None:
    async with door.database.reading() as connection:
        return await checks.connection_test(connection, request.request_id)


def result_of(completed: CheckCompleted) -> ProviderTestResponse:
    """What the completion means to a person."""
    measurement = completed.measurement
    timing, evidence = measurement.timing, measurement.evidence
    success = VERDICTS[measurement.outcome].usable is True
    details = {
        "outcome": measurement.outcome.value,
        "fault_owner": measurement.fault_owner.value,
        "model": completed.model,
        "http_status": evidence.http_status,
        "error": evidence.message,
        "ttft_ms": timing.first_token_ms,
        "total_ms": timing.total_ms,
        "tokens_per_s": measurement.tokens_per_s,
    }
    return ProviderTestResponse(
        success=success,
        message=_sentence(completed, success),
        details={name: value for name, value in details.items() if value is not None},
    )


def _sentence(completed: CheckCompleted, success: bool) -> str:
    name, measurement = completed.provider_name, completed.measurement
    if success:
        total_ms = measurement.timing.total_ms
        within = f" in {total_ms:.0f} ms" if total_ms is not None else ""
        return f"Connected: {completed.model or name} answered{within}."
    says = VERDICTS[measurement.outcome].says
    evidence = measurement.evidence
    if measurement.outcome is Outcome.MODEL_GONE and not completed.model:
        says = "has no model that could be asked"
    reason = f" ({evidence.message})" if evidence.message else ""
    status = f" [HTTP {evidence.http_status}]" if evidence.http_status else ""
    return f"{name} {says}{status}{reason}."
