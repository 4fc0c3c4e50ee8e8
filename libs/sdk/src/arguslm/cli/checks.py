"""`arguslm checks`"""

import time
from itertools import chain, islice
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from typer.core import TyperGroup

from arguslm.cli.connect import Json, connected
from arguslm.cli.costs import usd
from arguslm.cli.lookup import find_check, find_model
from arguslm.cli.output import (
    judged,
    moment,
    note,
    number,
    print_facts,
    print_json,
    print_json_line,
    print_table,
    short,
    styled_line,
)
from arguslm.errors import ArgusLMError

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import CheckResponse, Cost, Embedding


class ListsByDefault(TyperGroup):
    """`arguslm checks --follow` is `arguslm checks list --follow`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else "-"
        if first.startswith("-") and first not in ctx.help_option_names:
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ListsByDefault, help="What the endpoints answered; without a command, the newest checks."
)

PAGE = 500
RUN_TIMEOUT_S = 120.0
RUN_POLL_S = 0.25


@app.command("list")
@connected
def list_(
    client: "ArgusLMClient",
    model: Annotated[str | None, typer.Option("--model", help="Only this model's.")] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Only with this outcome: ok, rate_limited, ...")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only of this kind: liveness, canary, ...")
    ] = None,
    finding: Annotated[
        str | None, typer.Option(help="Only with findings: at least warn, or fail.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Then go on with new ones, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The newest checks."""
    model_id = find_model(client, model).id if model else None
    if follow:
        if kind or finding:
            raise typer.BadParameter("--follow takes neither --kind nor --finding")
        return _follow(client, limit, model_id, outcome, as_json)
    pages = client.iter_checks(
        model_id=model_id,
        outcome=outcome,
        kind=kind,
        finding=finding,
        page_size=min(limit, PAGE),
    )
    newest = list(islice(pages, limit))
    if as_json:
        return print_json(newest)
    return print_table(
        (
            "=ID",
            "=TIME",
            "MODEL",
            "PROVIDER",
            "KIND",
            "=OUTCOME",
            ">TTFT ms",
            ">TOK/S",
            ">TOTAL ms",
            "SAYS",
        ),
        (
            (
                short(one.id),
                one.completed_at,
                one.model_name,
                one.provider_name,
                one.kind.value,
                judged(one.measurement.outcome.value, one.usable),
                number(one.measurement.timing.first_token_ms, 1),
                number(one.measurement.tokens_per_s, 1),
                number(one.measurement.timing.total_ms),
                _says(one),
            )
            for one in newest
        ),
        empty="no checks yet",
    )


@app.command()
@connected
def show(
    client: "ArgusLMClient",
    check: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    as_json: Json = False,
) -> None:
    """Everything that was measured in one check."""
    found = find_check(client, check)
    if as_json:
        return print_json(found)
    return print_check(found)


def check_now(client: "ArgusLMClient", model_id: UUID) -> "CheckResponse":
    """Ask a model, and give its check: where another check is in flight, once that is over.

    Raises:
        ArgusLMError: it did not finish in two minutes.
    """
    from arguslm_contracts.events.checks import IN_FLIGHT

    deadline = time.monotonic() + RUN_TIMEOUT_S
    while True:
        check = follow_run(client, client.check_model(model_id).run_id, model_id)
        waits = IN_FLIGHT in (check.measurement.evidence.message or "")
        if not waits or time.monotonic() > deadline:
            return check
        time.sleep(RUN_POLL_S)


def follow_run(client: "ArgusLMClient", run_id: str, model_id: UUID) -> "CheckResponse":
    """Wait for a run of one model, and give its check.

    Raises:
        ArgusLMError: it did not finish in two minutes.
    """
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while time.monotonic() < deadline:
        run = client.get_monitoring_run(run_id)
        if run.completed >= max(run.requested, 1):
            for check in islice(client.iter_checks(model_id=model_id), 100):
                if str(check.run_id) == run_id:
                    return check
        time.sleep(RUN_POLL_S)
    raise ArgusLMError(f"the check is still under way; look later: arguslm checks list ({run_id})")


def print_check(check: "CheckResponse") -> None:
    measured = check.measurement
    timing, usage, evidence = measured.timing, measured.usage, measured.evidence
    print_facts(
        (
            ("check", check.id),
            ("model", f"{check.model_name} at {check.provider_name} ({check.location})"),
            ("kind", check.kind.value),
            ("outcome", judged(measured.outcome.value, check.usable)),
            ("which means", f"{check.model_name} {check.says}"),
            *(("found", f"{one.level}: {one.message} ({one.code})") for one in measured.findings),
            ("vector", measured.embedding and _vector(measured.embedding)),
            ("fault owner", measured.fault_owner.value),
            ("due", check.due_at),
            ("completed", check.completed_at),
            ("connection", _connection(timing)),
            ("headers", _ms(timing.headers_ms)),
            ("first byte", _ms(timing.first_byte_ms)),
            ("first token", _ms(timing.first_token_ms)),
            ("first answer token", _ms(timing.first_answer_token_ms)),
            ("longest gap", _ms(timing.max_gap_ms)),
            ("total", _ms(timing.total_ms)),
            ("tokens/s", measured.tokens_per_s and number(measured.tokens_per_s, 1)),
            ("tokens", _tokens(usage)),
            ("cost", measured.cost and _cost(measured.cost)),
            ("HTTP status", evidence.http_status),
            ("error", _error(evidence)),
            ("finish reason", evidence.finish_reason),
            ("asked to wait", _seconds(evidence.retry_after_s)),
            *(("rate limit left", _left(limit)) for limit in measured.headroom),
            ("answer", evidence.answer_preview),
            ("stamps", timing.stamp.value),
            ("begun late by", _ms(timing.schedule_delay_ms)),
            ("our own lag", _own_lag(measured.audit)),
            ("trustworthy", measured.audit.trustworthy),
        )
    )


def _says(check: "CheckResponse") -> str:
    """In short: what was found goes before that it answered."""
    found = check.measurement.findings
    return f"{found[0].level}: {found[0].message}" if found else check.says


def _vector(embedding: "Embedding") -> str:
    said = f"{embedding.seen.dimension} dimensions"
    return said if embedding.cosine is None else f"{said}, cosine to the first {embedding.cosine}"


def _cost(cost: "Cost") -> str:
    """What nobody knows is never 0."""
    if cost.usd is not None:
        return usd(cost.usd)
    return "no known price" if cost.unpriced == "no_price" else "nobody told the tokens"


def _newest(
    client: "ArgusLMClient", limit: int, model_id: UUID | None, outcome: str | None
) -> "list[CheckResponse]":
    pages = client.iter_checks(model_id=model_id, outcome=outcome, page_size=min(limit, PAGE))
    return list(islice(pages, limit))


def _follow(
    client: "ArgusLMClient",
    limit: int,
    model_id: UUID | None,
    outcome: str | None,
    as_json: bool,
) -> None:
    """The newest, then the new ones. We listen before we look back, so that none falls between."""
    from arguslm.schemas import CheckResponse

    messages = client.stream_live(pings=True)
    greeting = next(messages)
    newest = _newest(client, limit, model_id, outcome)
    for one in reversed(newest):
        _print_line(one, as_json)
    note("following; Ctrl-C ends")
    shown = {one.id for one in newest}
    for message in chain([greeting], messages):
        if message.kind != "check":
            continue
        check = CheckResponse.model_validate(message.data)
        wanted = model_id in (None, check.model_id)
        if wanted and outcome in (None, check.measurement.outcome.value) and check.id not in shown:
            _print_line(check, as_json)


def _print_line(check: "CheckResponse", as_json: bool) -> None:
    if as_json:
        return print_json_line(check)
    measured = check.measurement
    numbers = (
        ("TTFT {:.1f} ms", measured.timing.first_token_ms),
        ("{:.1f} tok/s", measured.tokens_per_s),
        ("total {:.0f} ms", measured.timing.total_ms),
    )
    return styled_line(
        (
            moment(check.completed_at),
            judged(measured.outcome.value, check.usable),
            f"{check.model_name} at {check.provider_name}",
            *(form.format(value) for form, value in numbers if value is not None),
            *([] if check.usable else [check.says]),
        )
    )


def _ms(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f} ms"


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:g} s"


def _own_lag(audit: Any) -> str:
    """What our prober did to the measurement itself."""
    read = "" if audit.read_lag_ms is None else f", read {audit.read_lag_ms:.1f} ms late"
    cpu = "" if audit.cpu_share is None else f", {audit.cpu_share:.0%} of a core"
    return f"event loop {audit.loop_lag_ms:.1f} ms{read}{cpu}"


def _left(limit: Any) -> str:
    """One rate limit: what is left of it, and when it is whole again."""
    left = f"{limit.remaining:.10g}"
    if limit.limit is not None:
        left += f" of {limit.limit:.10g}"
    if limit.left_ratio is not None:
        left += f" ({limit.left_ratio:.0%})"
    resets = "" if limit.resets_in_s is None else f", resets in {limit.resets_in_s:g} s"
    return f"{left} {limit.kind.replace('_', ' ')}{resets}"


def _connection(timing: Any) -> str | None:
    if timing.connection_reused:
        return "reused"
    phases = (("DNS", timing.dns_ms), ("TCP", timing.connect_ms), ("TLS", timing.tls_ms))
    return ", ".join(f"{name} {value:.1f} ms" for name, value in phases if value is not None)


def _tokens(usage: Any) -> str | None:
    parts = (
        ("in", usage.input_tokens),
        ("out", usage.output_tokens),
        ("reasoning", usage.reasoning_tokens),
        ("cached", usage.cached_tokens),
    )
    known = ", ".join(f"{count} {name}" for name, count in parts if count is not None)
    return f"{known} ({usage.source})" if known else None


def _error(evidence: Any) -> str:
    return ": ".join(filter(None, (evidence.error_type, evidence.error_code, evidence.message)))
