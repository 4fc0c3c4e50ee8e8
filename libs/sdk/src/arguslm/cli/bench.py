"""`arguslm bench`"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.lookup import find_benchmark, find_models
from arguslm.cli.output import (
    judged,
    note,
    number,
    print_facts,
    print_json,
    print_table,
    say,
    short,
)
from arguslm.errors import ArgusLMError

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import BenchmarkDetailResponse, BenchmarkRunResponse, ModelStatistics

app = typer.Typer(help="Measure models under load.", no_args_is_help=True)

Run = Annotated[str, typer.Argument(metavar="RUN", help="Its name or id.")]


@app.command()
@connected
def start(
    client: "ArgusLMClient",
    models: Annotated[list[str], typer.Argument(metavar="MODEL", help="Names or ids.")],
    pack: Annotated[str, typer.Option(help="Which prompt pack.")] = "synthetic_short",
    prompt: Annotated[str | None, typer.Option(help="A prompt of your own instead.")] = None,
    prompt_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The same, from a file.")
    ] = None,
    runs: Annotated[int, typer.Option(min=1, help="Measured requests per model.")] = 3,
    max_tokens: Annotated[int, typer.Option(min=1, help="At most so many per answer.")] = 200,
    concurrency: Annotated[int, typer.Option(min=1, help="Requests at once, per model.")] = 1,
    warmup: Annotated[int, typer.Option(min=0, help="Unmeasured requests before.")] = 1,
    name: Annotated[str | None, typer.Option(help="What you call this run.")] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end.")] = True,
    as_json: Json = False,
) -> None:
    """Start a benchmark and follow it. Exit code 1 unless it completes.

    Ctrl-C stops only the following; the run goes on (see `cancel`).
    """
    from arguslm.call import checked
    from arguslm.schemas import BenchmarkCreate

    if prompt_file is not None:
        prompt = _text_of(prompt_file)
    optional = {"name": name, "prompt": prompt}
    wanted = checked(
        BenchmarkCreate,
        model_ids=[model.id for model in find_models(client, models)],
        prompt_pack="custom" if prompt is not None else pack,
        num_runs=runs,
        max_tokens=max_tokens,
        concurrency=concurrency,
        warmup_runs=warmup,
        **{field: value for field, value in optional.items() if value is not None},
    )
    started = client.start_benchmark(wanted)
    if not wait:
        return print_json(started) if as_json else say(f"started {started.id}")
    _follow(client, started.id)
    return _finish(client.get_benchmark(started.id), as_json)


@app.command("list")
@connected
def list_(
    client: "ArgusLMClient",
    status: Annotated[str | None, typer.Option(help="Only with this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    as_json: Json = False,
) -> None:
    """The newest runs."""
    runs = client.list_benchmarks(per_page=limit, status=status).runs
    if as_json:
        return print_json(runs)
    return print_table(
        ("=ID", "NAME", "=STATUS", "=STARTED", ">MODELS", ">DONE", ">FAILED", "PACK"),
        (
            (
                short(one.id),
                one.name,
                one.status,
                one.started_at,
                len(one.model_ids),
                f"{one.result_count}/{one.expected_count}",
                one.failed_count,
                one.prompt_pack,
            )
            for one in runs
        ),
        empty="no benchmarks yet: arguslm bench start MODEL",
    )


@app.command()
@connected
def show(client: "ArgusLMClient", run: Run, as_json: Json = False) -> None:
    """A run's numbers, model by model."""
    found = client.get_benchmark(find_benchmark(client, run).id)
    if as_json:
        return print_json(found)
    return _print_run(found)


@app.command()
@connected
def follow(client: "ArgusLMClient", run: Run, as_json: Json = False) -> None:
    """Follow a run to its end."""
    run_id = find_benchmark(client, run).id
    _follow(client, run_id)
    _finish(client.get_benchmark(run_id), as_json)


@app.command()
@connected
def cancel(client: "ArgusLMClient", run: Run) -> None:
    """Send no more requests; what is measured is kept."""
    found = find_benchmark(client, run)
    client.cancel_benchmark(found.id)
    say(f"cancelling {found.name}")


@app.command()
@connected
def export(
    client: "ArgusLMClient",
    run: Run,
    form: Annotated[str, typer.Option("--format", help="json or csv.")] = "json",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; else standard output.")
    ] = None,
) -> None:
    """Every result of a run, as a file."""
    answer = client.export_benchmark(find_benchmark(client, run).id, format=form)
    if output is None:
        return typer.echo(answer.text, nl=not answer.text.endswith("\n"))
    try:
        output.write_bytes(answer.content)
    except OSError as error:
        raise ArgusLMError(f"cannot write {output}: {error.strerror}") from None
    return note(f"wrote {output}")


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    run: Run,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a run."""
    found = find_benchmark(client, run)
    if not yes:
        typer.confirm(f"Remove {found.name}?", abort=True, err=True)
    client.delete_benchmark(found.id)
    say(f"removed {found.name}")


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter(f"{file} cannot be read as UTF-8 text") from None


def _follow(client: "ArgusLMClient", run_id: UUID) -> None:
    """Follow a run to its end; when interrupted, say that it goes on."""
    try:
        _show_progress(client, run_id)
    except KeyboardInterrupt:
        note(f"the run goes on: arguslm bench follow {short(run_id)}, or cancel {short(run_id)}")
        raise


def _show_progress(client: "ArgusLMClient", run_id: UUID) -> None:
    """A progress bar on standard error, so that the output stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True
    ) as progress:
        task = progress.add_task("measuring", total=None)
        for message in client.stream_benchmark(run_id):
            if message["type"] == "progress":
                progress.update(
                    task, completed=message.get("completed", 0), total=message.get("total")
                )


def _finish(run: "BenchmarkDetailResponse", as_json: bool) -> None:
    if as_json:
        print_json(run)
    else:
        _print_run(run)
    if run.status != "completed":
        raise typer.Exit(1)


def _print_run(run: "BenchmarkDetailResponse") -> None:
    print_facts(_facts(run))
    print_table(
        ("MODEL", "=MEASURED", ">N", ">p50", ">p95", ">p99"),
        (row for one in run.models for row in _rows(one)),
        empty="no results yet",
    )
    for result in run.results:
        if result.error:
            note(f"{result.model_name or result.model_id} #{result.index}: {result.error}")


def _rows(one: "ModelStatistics") -> list[tuple[Any, ...]]:
    """A model's numbers, each with its count: the failed requests have no times."""
    measured = (
        ("TTFT ms", one.ttft_ms),
        ("tokens/s", one.tokens_per_s),
        ("total ms", one.total_ms),
    )
    rows: list[tuple[Any, ...]] = [
        (
            f"{one.model_name} at {one.provider_name}",
            name,
            values.n,
            number(values.p50, 1),
            number(values.p95, 1),
            number(values.p99, 1),
        )
        for name, values in measured
    ]
    if one.failed:
        rows.append((rows[0][0], judged("failed", False), one.failed, "", "", ""))
    if left_out := one.requests - one.failed - one.total_ms.n:
        rows.append((rows[0][0], "left out: our clock was late", left_out, "", "", ""))
    return rows


def _facts(run: "BenchmarkRunResponse") -> list[tuple[str, Any]]:
    return [
        ("run", run.id),
        ("name", run.name),
        ("status", run.status),
        ("message", run.message),
        ("prompt pack", run.prompt_pack),
        ("load", f"{run.num_runs} runs after {run.warmup_runs} warm-up, {run.concurrency} at once"),
        ("max tokens", run.max_tokens),
        ("started", run.started_at),
        ("completed", run.completed_at),
        ("results", f"{run.result_count} of {run.expected_count}, {run.failed_count} failed"),
    ]
