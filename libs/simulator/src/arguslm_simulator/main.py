"""The command line: `arguslm-simulator`."""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from arguslm_simulator.behaviour import ScenarioError
from arguslm_simulator.scenario import Scenario, demo_scenario, load_scenario
from arguslm_simulator.simulator import Simulator

API_KEY_VARIABLE = "ARGUSLM_SIMULATOR_API_KEY"


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 after SIGTERM or SIGINT, 1 when the address cannot be bound, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        scenario = load_scenario(options.scenario) if options.scenario else demo_scenario()
    except ScenarioError as error:
        return _fail(str(error), 2)
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
        description="An OpenAI-compatible LLM endpoint with known truth: exact schedules, "
        "every fault on demand. Without a scenario it serves the demo models "
        "swift, slow, flaky, stalling and thinker.",
    )
    parser.add_argument("--scenario", type=Path, metavar="FILE", help="scenario as JSON")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (%(default)s)")
    parser.add_argument(
        "--port", type=_port, default=0, help="port to bind; 0 picks a free one (%(default)s)"
    )
    parser.add_argument(
        "--api-key",
        default=os.environ.get(API_KEY_VARIABLE) or None,
        metavar="KEY",
        help=f"demand this key on /v1 (or set {API_KEY_VARIABLE}, which other users cannot see)",
    )
    parser.add_argument("--json", action="store_true", help="when ready, print one JSON line")
    return parser


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
            print(json.dumps({"url": simulator.url}), flush=True)
        else:
            names = ", ".join(simulator.models)
            print(f"Simulating {names} at {simulator.url}/v1 (Ctrl-C stops it)", flush=True)
        await stop.wait()


def _fail(message: str, exit_code: int) -> int:
    print(f"arguslm-simulator: {message}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
