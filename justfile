# The house's table of contents. `just` alone lists it.
set shell := ["bash", "-euo", "pipefail", "-c"]

python_sources := "libs services tests conftest.py"
packages := "libs/*/src services/*/src"
# The longest first, so that nobody is waited for alone.
rooms := "tests/resilience libs services tests/architecture tests/contract"

# What can be done here
[private]
default:
    @just --list --unsorted

# Start the house on this machine
[group('run')]
up *arguments:
    arguslm up {{arguments}}

# Start it with simulated models
[group('run')]
demo *arguments:
    arguslm up --demo {{arguments}}

# Everything that must be green: what CI runs
[group('test')]
test: lint types frontend-check test-everything

# All of pytest at once: while the story of the whole house waits for its checks, the rooms are tested
[group('test')]
test-everything *arguments:
    infra/ensure-chromium
    pytest tests/system tests/packaging {{rooms}} -q -n 4 --dist loadgroup {{arguments}}

# Tests of each room, on real NATS, SQLite and PostgreSQL
[group('test')]
test-units *arguments:
    pytest {{rooms}} -q -n 4 --dist loadgroup {{arguments}}

# The whole house: real processes, third-party endpoint, browser
[group('test')]
test-system *arguments:
    infra/ensure-chromium
    pytest tests/packaging tests/system -q {{arguments}}

# Real programs under load, killed, stopped, cut off and starved at random: --seed N --minutes M
[group('test')]
chaos *arguments:
    python tests/resilience/chaos.py {{arguments}}

# Houses in virtual time over a broker that does its worst: --seeds N
[group('test')]
simulate *arguments:
    python tests/resilience/simulate.py {{arguments}}

# How fast events are published, folded and seen, against the barest loop in the same run
[group('test')]
bench-events *arguments:
    PYTHONPATH=tests/load python -W ignore -m bench_events {{arguments}}

# What our stopwatch says against an endpoint that knows the truth, with four client libraries
[group('test')]
bench-fidelity *arguments:
    PYTHONPATH=tests/load python -W ignore -m bench_fidelity {{arguments}}

# Seconds until the demo house is ready, and what it takes of memory and CPU while it idles
[group('test')]
bench-idle *arguments:
    python -W ignore tests/load/bench_idle.py {{arguments}}

# A prober that asks a thousand models a minute: CPU, memory, and how late its checks are
[group('test')]
bench-prober *arguments:
    python -W ignore tests/load/bench_prober.py {{arguments}}

# Ruff, formatting, and the direction of imports
[group('test')]
lint:
    ruff check {{python_sources}}
    ruff format --check {{python_sources}}

# Strict types, also of the programs among the tests that no test may happen to import
[group('test')]
types:
    mypy {{packages}}
    MYPYPATH=tests/load:tests/resilience mypy tests/load/*.py tests/load/*/*.py tests/resilience/*.py

# The dashboard: types from OpenAPI, eslint, tsc, vitest, build
[group('test')]
frontend-check: frontend-install
    cd frontend && npm run api && npm run lint && npm test && npm run build

[group('build')]
frontend-install:
    cd frontend && npm ci --no-audit --no-fund

# The OpenAPI document that the dashboard's types are generated from
[group('build')]
openapi:
    python -m arguslm_query_api.openapi > frontend/openapi.json

# The generated parts of docs/
[group('build')]
docs:
    python -m arguslm_contracts.reference

# Format everything
[group('build')]
format:
    ruff check --fix {{python_sources}}
    ruff format {{python_sources}}
