"""The commands, run as `arguslm` runs them, against the stand-in API."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import cli_answers as says
import pytest
from cli_runner import Run
from stand_in_api import StandIn, problem
from starlette.responses import Response
from starlette.websockets import WebSocket

V1 = "/api/v1"
KEY = "sk-planted-secret"


@pytest.fixture
def house(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A server with one provider and one model, and a token for it in the environment."""
    monkeypatch.setenv("ARGUSLM_BASE_URL", server.url)
    monkeypatch.setenv("ARGUSLM_API_KEY", "alm_token")
    server.answer("GET", f"{V1}/providers", {"providers": [says.provider()], "total": 1})
    server.answer("GET", f"{V1}/models", says.models(says.model()))
    return server


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


@pytest.mark.parametrize("source", ["env", "stdin"])
def test_adding_a_provider_tries_it_first(
    house: StandIn, run: Run, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    house.answer("POST", f"{V1}/providers/test-connection", tried(True))
    house.answer("POST", f"{V1}/providers", says.provider("New"))
    monkeypatch.setenv("MY_KEY", KEY)
    where = ("--key-env", "MY_KEY") if source == "env" else ("--key-stdin",)
    done = run(
        *("providers", "add", "--type", "openai", "--name", "New", "--base-url", "http://x/v1"),
        *where,
        stdin=f"{KEY}\n",
    )
    assert done.code == 0, done.err
    paths = [one.path for one in house.seen]
    assert paths == [f"{V1}/providers/test-connection", f"{V1}/providers"]
    assert house.seen[1].body["credentials"] == {"base_url": "http://x/v1", "api_key": KEY}
    assert KEY not in done.out + done.err


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
    assert run(*add, "--key-env", "NOT_SET").code == 2
    assert house.seen == []


def test_editing_sends_only_what_was_given(house: StandIn, run: Run) -> None:
    path = f"{V1}/providers/{says.provider()['id']}"
    house.answer("PATCH", path, says.provider())
    run("providers", "edit", "somewhere", "--base-url", "http://y", "--set", "region=")
    run("providers", "edit", "Somewhere", "--disable")
    assert [one.body for one in house.requests(path)] == [
        {"credentials": {"region": None, "base_url": "http://y"}},
        {"enabled": False},
    ]
    assert run("providers", "edit", "Somewhere").code == 2


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
    assert json.loads(run("checks", "show", says.check()["id"][:8], "--json").out)["says"]


def test_following_checks(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/checks", {"items": [says.check("second"), says.check("first")]})

    async def live(websocket: WebSocket) -> None:
        await websocket.accept()
        for kind, data in (
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


@pytest.mark.parametrize(("status", "code"), [("completed", 0), ("failed", 1), ("cancelled", 1)])
def test_a_benchmark_to_its_end(house: StandIn, run: Run, status: str, code: int) -> None:
    run_id = says.run()["id"]
    started = {"id": run_id, "status": "pending", "message": "queued"}
    house.answer("POST", f"{V1}/benchmarks", started)
    house.answer("GET", f"{V1}/benchmarks/{run_id}", says.run(status))

    async def progress(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_json({"type": "progress", "completed": 1, "total": 3})
        await websocket.send_json({"type": "complete", "status": status})

    house.socket(f"{V1}/benchmarks/{run_id}/stream", progress)
    done = run("bench", "start", "gpt-4.1", "--runs", "3", "--concurrency", "2", "--name", "x")
    assert done.code == code, done.err
    assert "210.4" in done.out
    (posted,) = house.requests(f"{V1}/benchmarks")
    assert posted.body["model_ids"] == [says.model()["id"]]
    assert (posted.body["num_runs"], posted.body["concurrency"]) == (3, 2)
    assert json.loads(run("bench", "follow", run_id, "--json").out)["status"] == status


def test_a_prompt_of_ones_own(house: StandIn, run: Run, tmp_path: Path) -> None:
    house.answer("POST", f"{V1}/benchmarks", {"id": says.ident("r"), "status": "p", "message": ""})
    (tmp_path / "prompt.txt").write_text("Tell me.")
    file = str(tmp_path / "prompt.txt")
    assert run("bench", "start", "gpt-4.1", "--prompt-file", file, "--no-wait").code == 0
    assert house.seen[-1].body["prompt_pack"] == "custom"
    assert house.seen[-1].body["prompt"] == "Tell me."


def test_runs_by_name(house: StandIn, run: Run, tmp_path: Path) -> None:
    path = f"{V1}/benchmarks/{says.run()['id']}"
    house.answer("GET", f"{V1}/benchmarks", {"runs": [says.run()], "total": 1})
    house.answer("GET", path, says.run())
    house.answer("GET", f"{path}/export", Response("a,b\n", media_type="text/csv"))
    house.answer("POST", f"{path}/cancel", says.run("cancelled"))
    house.answer("DELETE", path, 204)
    assert "nightly" in run("bench", "list").out
    assert "211.9" in run("bench", "show", "nightly").out
    assert run("bench", "export", "nightly", "--format", "csv").out == "a,b\n\n"
    target = tmp_path / "out.csv"
    assert run("bench", "export", "nightly", "-o", str(target)).code == 0
    assert target.read_text() == "a,b\n"
    assert run("bench", "cancel", "nightly").code == 0
    assert run("bench", "remove", "nightly", "--yes").code == 0
    assert run("bench", "export", "nightly", "-o", str(tmp_path / "no" / "dir")).code == 1


def test_alerts(house: StandIn, run: Run) -> None:
    listed = {"items": [says.alert()], "unacknowledged_count": 1, "limit": 20, "offset": 0}
    house.answer("GET", f"{V1}/alerts", listed)
    path = f"{V1}/alerts/{says.alert()['id']}/acknowledge"
    house.answer("PATCH", path, says.alert(acknowledged=True))
    assert "failed with a server error" in run("alerts", "list", "--unacknowledged").out
    assert house.seen[-1].query["acknowledged"] == "false"
    assert "nobody was told" in run("alerts", "show", says.alert()["id"][:8]).out
    assert run("alerts", "ack", says.alert()["id"][:8]).code == 0


def test_rules_name_their_models_and_channels(house: StandIn, run: Run) -> None:
    house.answer("GET", f"{V1}/alerts/channels", {"items": [says.channel()]})
    house.answer("GET", f"{V1}/alerts/rules", [says.rule()])
    house.answer("POST", f"{V1}/alerts/rules", says.rule())
    house.answer("PATCH", f"{V1}/alerts/rules/{says.rule()['id']}", says.rule())
    add = ("alerts", "rules", "add", "--name", "r", "--type", "specific_model_down")
    assert run(*add, "--model", "gpt-4.1", "--channel", "pager", "--failures", "3").code == 0
    assert house.seen[-1].body == {
        "name": "r",
        "rule_type": "specific_model_down",
        "target_model_id": says.model()["id"],
        "failures_to_raise": 3,
        "channel_ids": [says.channel()["id"]],
    }
    assert run("alerts", "rules", "edit", "anything down", "--no-channels", "--disable").code == 0
    assert house.seen[-1].body == {"channel_ids": [], "enabled": False}
    bogus = run("alerts", "rules", "add", "--name", "r", "--type", "bogus")
    assert bogus.code == 2
    assert "rule_type" in bogus.err
    assert "anything down" in run("alerts", "rules", "list").out


def test_a_channels_address_is_a_secret(
    house: StandIn, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.answer("POST", f"{V1}/alerts/channels", says.channel())
    monkeypatch.setenv("HOOK", "https://hooks.example/planted")
    done = run("alerts", "channels", "add", "--name", "pager", "--url-env", "HOOK")
    assert house.seen[-1].body["url"] == "https://hooks.example/planted"
    assert "planted" not in done.out + done.err
    path = f"{V1}/alerts/channels/{says.channel()['id']}"
    house.answer("GET", f"{V1}/alerts/channels", {"items": [says.channel()]})
    house.answer("POST", f"{path}/test", {"success": False, "message": "HTTP 410"})
    assert run("alerts", "channels", "test", "pager").code == 1


def test_monitoring(house: StandIn, run: Run) -> None:
    config = {"id": says.ident("c"), "interval_minutes": 1, "interval_s": 60, "enabled": True}
    config |= {"prompt_pack": "health_check", "max_tokens": 100, "created_at": says.NOW}
    house.answer("GET", f"{V1}/monitoring/config", config)
    house.answer("PATCH", f"{V1}/monitoring/config", config)
    house.answer("POST", f"{V1}/monitoring/run", {"run_id": "r", "status": "q", "message": "ok"})
    assert "60 s" in run("monitoring", "show").out
    assert run("monitoring", "set", "--interval", "2m").code == 0
    assert house.seen[-1].body == {"interval_s": 120}
    assert run("monitoring", "set", "--interval", "1s").code == 2
    assert run("monitoring", "run", "gpt-4.1").code == 0
    assert house.seen[-1].body == {"model_ids": [says.model()["id"]]}
    assert run("monitoring", "run").code == 0
    assert house.seen[-1].body is None


def test_a_new_key_is_printed_alone(house: StandIn, run: Run) -> None:
    created = {"id": says.ident("k"), "name": "ci", "role": "viewer", "hint": "wxyz"}
    created |= {"created_at": says.NOW, "key": "alm_new"}
    house.answer("POST", f"{V1}/auth/api-keys", created)
    done = run("keys", "create", "ci")
    assert done.out == "alm_new\n"
    assert house.seen[-1].body == {"name": "ci", "role": "viewer"}
    assert run("keys", "create", "ci", "--role", "king").code == 2


def test_accounts(house: StandIn, run: Run) -> None:
    ada = {"id": says.ident("ada"), "username": "ada", "role": "viewer", "enabled": True}
    ada |= {"created_at": says.NOW}
    house.answer("POST", f"{V1}/accounts", ada)
    house.answer("GET", f"{V1}/accounts", {"items": [ada]})
    house.answer("PATCH", f"{V1}/accounts/{ada['id']}", ada)
    assert run("accounts", "add", "ada", stdin="a long password\n").code == 0
    assert house.seen[-1].body["password"] == "a long password"
    short = run("accounts", "add", "ada", stdin="tiny\n")
    assert short.code == 2
    assert "tiny" not in short.err
    assert run("accounts", "edit", "ada", "--role", "admin", "--disable").code == 0
    assert house.seen[-1].body == {"role": "admin", "enabled": False}


def test_what_a_server_says_cannot_act_on_the_terminal(house: StandIn, run: Run) -> None:
    nasty = "\x1b[31m[bold]red[/bold]\x07\x9b2J"
    shown = says.provider(nasty)
    house.answer("GET", f"{V1}/providers", {"providers": [shown], "total": 1})
    out = run("providers", "list").out
    assert "[31m[bold]red[/bold]2J" in out
    assert not set("\x1b\x07\x9b") & set(out)
    house.answer("GET", f"{V1}/overview", problem(500, f"line one\nline two {nasty}"))
    err = run("status").err
    assert err.count("\n") == 1
    assert "\x1b" not in err
