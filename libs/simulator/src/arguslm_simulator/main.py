"""The command line: `arguslm-simulator`."""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from arguslm_simulator.behaviour import Behaviour, Fault, ScenarioError
from arguslm_simulator.scenario import Scenario, demo_scenario, load_scenario
from arguslm_simulator.simulator import Simulator


def _wrapped(words: Iterable[str]) -> str:
    return "\n  ".join(textwrap.wrap(", ".join(words), 90, break_on_hyphens=False))


API_KEY_VARIABLE = "ARGUSLM_SIMULATOR_API_KEY"

_EPILOG = f"""\
a scenario:
  {{"seed": 7, "models": {{
    "swift": {{"ttft_ms": 80, "gap_ms": 8, "tokens": 48}},
    "shaky": {{"ttft_ms": 300, "fault": "stall", "fault_rate": 0.2}}}}}}

fields of a model, with their defaults:
  {_wrapped(f"{name} {json.dumps(value)}" for name, value in Behaviour().to_json().items())}

faults:
  {_wrapped(Fault)}

base URLs, where URL is what is printed at the start:
  OpenAI URL/v1, Gemini URL/v1beta; Anthropic, Bedrock, Cohere and Ollama URL

try it:
  arguslm-simulator --port 9100
  curl -N localhost:9100/v1/chat/completions -d \\
    '{{"model": "swift", "stream": true, "messages": [{{"role": "user", "content": "Hi"}}]}}'
"""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 after SIGTERM, SIGINT or a sound `--check`, 1 when the address cannot be bound,
    2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        scenario = load_scenario(options.scenario) if options.scenario else demo_scenario()
    except ScenarioError as error:
        return _fail(str(error), 2)
    if options.seed is not None:
        scenario = replace(scenario, seed=options.seed)
    if options.check:
        print(f"{options.scenario or 'The demo'} is sound, seed {scenario.seed}:")
        print("\n".join(_summary(name, model) for name, model in scenario.models.items()))
        return 0
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(scenario, options))
    except OSError as error:
        reason = error.strerror or str(error)
        return _fail(f"cannot listen on {options.host}:{options.port}: {reason}", 1)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="arguslm-simulator",
        description="An LLM endpoint with known truth: exact schedules, every fault on demand, in\n"
        "the dialects of OpenAI, Anthropic, Gemini, Bedrock, Cohere and Ollama. Without a\n"
        "scenario it serves the demo models swift, slow, flaky, stalling and thinker.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--scenario", type=Path, metavar="FILE", help="the models and what they do, as JSON"
    )
    parser.add_argument(
        "--check", action="store_true", help="say what the scenario holds, and serve nothing"
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="draw other faults and jitter than the scenario's"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=0, help="port to bind; 0 picks a free one (%(default)s)"
    )
    parser.add_argument(
        "--api-key",
        default=os.environ.get(API_KEY_VARIABLE) or None,
        metavar="KEY",
        help="demand this key in every dialect "
        f"(or set {API_KEY_VARIABLE}, which other users cannot see)",
    )
    parser.add_argument("--json", action="store_true", help="when ready, print one JSON line")
    return parser


def _summary(name: str, behaviour: Behaviour) -> str:
    changed = {
        field: value
        for field, value in behaviour.to_json().items()
        if value != getattr(Behaviour(), field)
    }
    said = ", ".join(f"{field} {value}" for field, value in changed.items())
    return f"  {name}: {said or 'all as by default'}"


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"must be from 0 to 65535, not {text!r}")
    return int(text)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, or None for asyncio's own where there is no uvloop."""
    try:
        import uvloop  # noqa: PLC0415  # it does not exist on every platform
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _serve(scenario: Scenario, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with Simulator(
        scenario, options.api_key, host=options.host, port=options.port
    ) as simulator:
        # What lives now lives for ever: the collector need not walk it between two tokens.
        gc.freeze()
        if options.json:
            urls = {"url": simulator.url, "refused_url": simulator.refused_url}
            print(json.dumps(urls), flush=True)
        else:
            names = ", ".join(simulator.models)
            print(f"Simulating {names} at {simulator.url} (Ctrl-C stops it)", flush=True)
        await stop.wait()


def _fail(message: str, exit_code: int) -> int:
    print(f"arguslm-simulator: {message}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
