"""Providers, models, checks and the overview on the command line."""

import json
from typing import Any
from uuid import UUID

import cli_answers as says
import pytest
from cli_runner import Run
from stand_in_api import StandIn
from starlette.responses import Response
from starlette.websockets import WebSocket

V1 = "/api/v1"
KEY = "sk-planted-secret"


def test_lists_are_tables_for_people_and_json_for_programs(house: StandIn, run: Run) -> None:
    table = run("providers", "list")
    assert "NAME" in table.out
    assert "Somewhere" in table.out
    listed = json.loads(run("providers", "list", "--json").out)
    assert [one["display_name"] for one in listed] == ["Somewhere"]
    assert UUID(listed[0]["id"])


def test_an_empty_list_says_what_to_do(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/providers", {"providers": [], "total": 0})
    assert "arguslm providers add" in run("providers", "list").out
    assert json.loads(run("providers", "list", "--json").out) == []


@pytest.mark.parametrize("source", ["env", "stdin", "lines"])
def test_adding_a_provider_tries_it_first(
    house: StandIn, run: Run, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    house.answer("POST", f"{V1}/providers/test-connection", tried(True))
    house.answer("POST", f"{V1}/providers", says.provider("New"))
    monkeypatch.setenv("MY_KEY", KEY)
    key = KEY if source != "lines" else f'{{\n  "private_key": "{KEY}"\n}}'
    where = ("--key-env", "MY_KEY") if source == "env" else ("--key-stdin",)
    done = run(
        *("providers", "add", "--type", "openai", "--name", "New", "--base-url", "http://x/v1"),
        *where,
        stdin=f"{key}\n",
    )
    assert done.code == 0, done.err
    paths = [one.path for one in house.seen]
    assert paths == [f"{V1}/providers/test-connection", f"{V1}/providers"]
    assert house.seen[1].body["credentials"] == {"base_url": "http://x/v1", "api_key": key}
    assert KEY not in done.out + done.err


def test_adding_a_provider_waits_for_its_models(house: StandIn, run: Run) -> None:
    """The next command names one of them, and has to find it."""
    new = says.provider("New")
    house.answer("POST", f"{V1}/providers", says.provider("New", discovery=None))
    listed = says.provider("New", model_count=2)
    house.answer("GET", f"{V1}/providers/{new['id']}", says.provider("New", discovery=None), listed)
    done = run("providers", "add", "--type", "openai", "--name", "New", "--no-test")
    assert "ok: 2 models" in done.out
    assert "arguslm models watch" in done.err
    assert len(house.requests(f"{V1}/providers/{new['id']}")) == 2


def tried(success: bool) -> dict[str, Any]:
    return {"success": success, "message": "it answered" if success else "it refused our key"}


def test_a_provider_that_does_not_answer_is_not_saved(house: StandIn, run: Run) -> None:
    house.answer("POST", f"{V1}/providers/test-connection", tried(False))
    command = ("providers", "add", "--type", "openai", "--name", "New")
    done = run(*command)
    assert done.code == 1
    assert done.err == "arguslm: not saved: it refused our key (--no-test saves it anyway)\n"
    assert [one.path for one in house.seen] == [f"{V1}/providers/test-connection"]
    house.answer("POST", f"{V1}/providers", says.provider("New"))
    assert run(*command, "--no-test").code == 0


def test_a_key_is_no_argument(house: StandIn, run: Run) -> None:
    add = ("providers", "add", "--type", "openai", "--name", "New")
    assert run(*add, "--key", KEY).code == 2
    refused = run(*add, "--set", f"api_key={KEY}")
    assert refused.code == 2
    assert KEY not in refused.err
    refused = run(*add, "--set", f"aws_secret_access_key={KEY}")
    assert refused.code == 2
    assert "--set-env aws_secret_access_key=VARIABLE" in refused.err
    assert KEY not in refused.err
    refused = run(*add, "--set-env", KEY)
    assert refused.code == 2
    assert "--set-env NAME=VARIABLE" in refused.err
    assert KEY not in refused.err
    assert run(*add, "--key-env", "NOT_SET").code == 2
    assert run(*add, "--set-env", "aws_secret_access_key=NOT_SET").code == 2
    assert house.seen == []


def test_editing_sends_only_what_was_given(house: StandIn, run: Run) -> None:
    path = f"{V1}/providers/{says.provider()['id']}"
    house.answer("PATCH", path, says.provider())
    run("providers", "edit", "somewhere", "--base-url", "http://y", "--set", "region=")
    run("providers", "edit", "Somewhere", "--disable")
    run("providers", "edit", "Somewhere", "--per-minute", "30", "--max-concurrent", "0")
    assert [one.body for one in house.requests(path)] == [
        {"credentials": {"region": None, "base_url": "http://y"}},
        {"enabled": False},
        {"requests_per_minute": 30, "max_concurrent": 0},
    ]
    assert run("providers", "edit", "Somewhere").code == 2


def test_a_model_is_given_a_price(house: StandIn, run: Run) -> None:
    path = f"{V1}/models/{says.model()['id']}"
    price = {"input_usd_per_million_tokens": 2.5, "output_usd_per_million_tokens": 10.0}
    house.answer("PATCH", path, says.model(price=price))
    done = run("models", "price", "gpt-4.1", "2.5", "10")
    assert "gpt-4.1 costs $2.5 in and $10 out per million tokens" in done.out
    house.answer("PATCH", path, says.model())
    assert run("models", "price", "gpt-4.1", "--unset").code == 0
    assert [one.body for one in house.requests(path)] == [{"price": price}, {"price": None}]
    for wrong in ([], ["2.5"], ["2.5", "10", "--unset"], ["-1", "10"]):
        assert run("models", "price", "gpt-4.1", *wrong).code == 2


def test_costs_never_call_the_unknown_zero(house: StandIn, run: Run) -> None:
    gpt = {"model_id": says.model()["id"], "model_name": "gpt-4.1", "provider_name": "Somewhere"}
    items = [
        gpt | {"usd": 0.000042, "priced": 3, "unpriced": 1},
        {"model_id": says.model("gone")["id"], "unpriced": 2},
    ]
    answer = {"start": says.NOW, "end": says.NOW, "by": "model", "items": items}
    house.answer("GET", f"{V1}/costs", answer | {"total": {"usd": 0.000042, "unpriced": 3}})
    done = run("costs", "--days", "3")
    assert house.seen[-1].query == {"by": "model", "days": "3"}
    assert "Somewhere/gpt-4.1" in done.out
    assert "(removed)" in done.out
    assert "unpriced" in done.out
    assert "$0.000042 in 3 days; 3 requests have no known price" in done.out
    assert run("costs", "--json").out.count('"usd"') == 3
    assert run("costs", "--by", "colour").code == 2


def test_budgets_show_what_is_left_of_them(house: StandIn, run: Run) -> None:
    known = {
        "id": says.ident("budget"),
        "name": "Small",
        "usd_per_day": 2.0,
        "created_at": says.NOW,
    }
    path = f"{V1}/budgets/{known['id']}"
    used = known | {"used_usd": 0.5, "left_usd": 1.5, "model_id": says.model()["id"]}
    house.answer("GET", f"{V1}/budgets", {"items": [used]})
    house.answer("POST", f"{V1}/budgets", known)
    house.answer("PATCH", path, known)
    house.answer("DELETE", path, 204)
    listed = run("budgets", "list").out
    for shown in ("Somewhere/gpt-4.1", "$2.00", "$0.500000", "$1.50", "25"):
        assert shown in listed
    added = run("budgets", "add", "--name", "Small", "--usd-per-day", "2", "--model", "gpt-4.1")
    assert added.code == 0
    body = house.seen[-1].body
    assert (body["name"], body["usd_per_day"]) == ("Small", 2)
    assert body["model_id"] == says.model()["id"]
    assert run("budgets", "edit", "Small", "--usd-per-day", "3").code == 0
    assert house.seen[-1].body == {"usd_per_day": 3}
    assert run("budgets", "edit", "Small").code == 2
    assert run("budgets", "remove", "Small", "--yes").code == 0


def test_removing_asks(house: StandIn, run: Run) -> None:
    path = f"{V1}/models/{says.model()['id']}"
    house.answer("DELETE", path, 204)
    assert run("models", "remove", "gpt-4.1", stdin="n\n").code == 1
    assert house.requests(path) == []
    assert run("models", "remove", "gpt-4.1", stdin="y\n").code == 0
    assert run("models", "remove", "gpt-4.1", "--yes").code == 0
    assert len(house.requests(path)) == 2


@pytest.mark.parametrize(
    "name", ["gpt-4.1", "GPT-4.1", "Somewhere/gpt-4.1", "mine", says.model()["id"][:8]]
)
def test_names_and_beginnings_of_ids_are_understood(house: StandIn, run: Run, name: str) -> None:
    known = says.model(custom_name="mine")
    house.answer("GET", f"{V1}/models", says.models(known, says.model("other")))
    house.answer("PATCH", f"{V1}/models/{known['id']}", known)
    assert run("models", "unwatch", name).code == 0
    assert house.seen[-1].body == {"enabled_for_monitoring": False}


def test_a_full_id_needs_no_list(house: StandIn, run: Run) -> None:
    path = f"{V1}/models/{says.model()['id']}"
    house.answer("GET", path, says.model())
    house.answer("PATCH", path, says.model())
    assert run("models", "watch", says.model()["id"]).code == 0
    assert house.requests(f"{V1}/models") == []


def test_an_ambiguous_name_says_which(house: StandIn, run: Run) -> None:
    both = says.model("llama3:8b", "Here"), says.model("llama3:8b", "There")
    house.answer("GET", f"{V1}/models", says.models(*both))
    done = run("models", "watch", "llama3:8b")
    assert done.code == 1
    assert "ambiguous" in done.err
    for one in both:
        assert f"{one['provider_name']}/llama3:8b ({one['id']})" in done.err
    house.answer("PATCH", f"{V1}/models/{both[1]['id']}", both[1])
    assert run("models", "watch", "There/llama3:8b").code == 0


def test_an_unknown_name_suggests(house: StandIn, run: Run) -> None:
    done = run("models", "watch", "gpt-4.2")
    assert done.code == 1
    assert done.err == ("arguslm: no model is called 'gpt-4.2'; did you mean 'gpt-4.1'?\n")


def test_models_show_what_is_known_of_them_and_who_retired(house: StandIn, run: Run) -> None:
    facts = {
        "context_length": 131_072,
        "input_usd_per_million_tokens": 2.5,
        "output_usd_per_million_tokens": 10,
        "quantization": "Q4_0",
        "size_bytes": 4_700_000_000,
    }
    gone = says.model("gone", retired_at=says.NOW, facts=facts)
    house.answer("GET", f"{V1}/models", says.models(gone))
    shown = run("models", "list", "--retired").out
    assert "retired" in shown
    assert "131k context, $2.5/$10 per million, Q4_0, 4.7 GB" in shown
    assert house.seen[-1].query["retired"] == "true"


def test_models_are_found_over_all_pages(house: StandIn, run: Run) -> None:
    first = says.models(says.model("a"))
    house.answer("GET", f"{V1}/models", first | {"has_more": True}, says.models(says.model("b")))
    listed = json.loads(run("models", "list", "--json").out)
    assert [one["model_id"] for one in listed] == ["a", "b"]
    assert [one.query["offset"] for one in house.requests(f"{V1}/models")] == ["0", "1"]


@pytest.mark.parametrize(
    ("given", "sent"), [("30", 30), ("30s", 30), ("5m", 300), ("1h", 3600), ("default", None)]
)
def test_intervals(house: StandIn, run: Run, given: str, sent: int | None) -> None:
    house.answer("PATCH", f"{V1}/models/{says.model()['id']}", says.model(interval_s=sent))
    assert run("models", "interval", "gpt-4.1", given).code == 0
    assert house.seen[-1].body == {"interval_s": sent}


def test_a_name_can_be_cleared(house: StandIn, run: Run) -> None:
    house.answer("PATCH", f"{V1}/models/{says.model()['id']}", says.model())
    assert run("models", "rename", "gpt-4.1", "").code == 0
    assert house.seen[-1].body == {"custom_name": None}


@pytest.mark.parametrize("name", ["gpt-4.1", "llama3:8b", "meta-llama/Llama-3-70b"])
def test_any_model_name_can_be_added(house: StandIn, run: Run, name: str) -> None:
    house.answer("POST", f"{V1}/models", says.model(name))
    assert run("models", "add", "Somewhere", name, "--watch", "--interval", "1m").code == 0
    assert house.seen[-1].body == {
        "provider_account_id": says.provider()["id"],
        "model_id": name,
        "enabled_for_monitoring": True,
        "interval_s": 60,
    }


@pytest.mark.parametrize(("outcome", "code"), [("ok", 0), ("server_error", 1)])
def test_checking_now(house: StandIn, run: Run, outcome: str, code: int) -> None:
    run_id = says.ident("monitoring run")
    state = {"run_id": run_id, "status": "queued", "message": "1 check", "requested": 1}
    house.answer("POST", f"{V1}/models/{says.model()['id']}/check", state)
    done_state = state | {"completed": 1, "status": "completed"}
    house.answer("GET", f"{V1}/monitoring/runs/{run_id}", state, done_state)
    mine, older = says.check("new", outcome, run_id=run_id), says.check("old")
    house.answer("GET", f"{V1}/checks", {"items": [older, mine]})
    done = run("models", "check", "gpt-4.1")
    assert done.code == code
    assert mine["id"] in done.out
    assert "203.4 ms" in done.out


def test_checks_as_table_json_and_detail(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/checks", {"items": [says.check(), says.check("b", "server_error")]})
    table = run("checks", "list", "--model", "gpt-4.1", "--outcome", "ok").out
    assert "203.4" in table
    assert "server_error" in table
    assert house.seen[-1].query["model_id"] == says.model()["id"]
    assert house.seen[-1].query["outcome"] == "ok"
    assert len(json.loads(run("checks", "list", "--json", "--limit", "1").out)) == 1
    detail = run("checks", "show", says.check("b")["id"][:8]).out
    assert "failed with a server error" in detail
    assert "2 s" in detail
    assert "60000 of 80000 (75%) input tokens, resets in 21.5 s" in detail
    assert "12 requests" in detail
    assert json.loads(run("checks", "show", says.check()["id"][:8], "--json").out)["says"]


def test_checks_alone_lists_them(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/checks", {"items": [says.check()]})
    listed = run("checks", "list").out
    assert "gpt-4.1" in listed
    assert run("checks").out == listed
    assert run("checks", "--limit", "1").out == listed
    assert "show" in run("checks", "--help").out
    assert run("checks", "nonsense").code == 2


def test_following_checks(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/checks", {"items": [says.check("second"), says.check("first")]})

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        for kind, data in (
            ("ping", {}),
            ("check", says.check("second")),
            ("alert", says.alert()),
            ("check", says.check("other", model_id=says.ident("else"))),
            ("check", says.check("third")),
        ):
            await websocket.send_json({"kind": kind, "data": data})
        await websocket.close(4401, "revoked")

    house.socket(f"{V1}/stream", live)
    done = run("checks", "list", "--model", "gpt-4.1", "--follow", "--json")
    shown = [json.loads(line)["id"] for line in done.out.splitlines()]
    assert shown == [says.check(name)["id"] for name in ("first", "second", "third")]
    assert done.code == 3
    assert "revoked" in done.err


def test_status_and_health(house: StandIn, run: Run) -> None:
    card = {"model_id": says.model()["id"], "model": "m", "name": "mine", "state": "down"}
    where = {"provider_id": says.provider()["id"], "provider_name": "P", "provider_type": "openai"}
    counts = dict.fromkeys(("up", "degraded", "unknown", "paused", "open_alerts", "providers"), 0)
    overview = {"range": "7d", "generated_at": says.NOW, "down": 1, "models": 1, **counts}
    card |= {**where, "interval_s": 60, "monitored": True, "uptime_ratio": 0.9987}
    house.answer("GET", f"{V1}/overview", overview | {"items": [card]})
    done = run("status", "--range", "7d")
    assert "down" in done.out
    assert "99.87 %" in done.out
    assert "0 up" in done.out
    assert house.seen[-1].query == {"range": "7d"}
    part = {"name": "bus", "healthy": False, "message": "no connection"}
    sick = json.dumps({"status": "unhealthy", "version": "1", "components": [part]})
    house.answer("GET", "/health", Response(sick, 503))
    done = run("health")
    assert done.code == 1
    assert "no connection" in done.out
