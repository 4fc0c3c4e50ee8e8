"""Benchmarks, alerts, monitoring and access on the command line."""

import json
from pathlib import Path

import cli_answers as says
import pytest
from cli_runner import Run
from stand_in_api import StandIn, problem
from starlette.responses import Response
from starlette.websockets import WebSocket

V1 = "/api/v1"
KEY = "sk-planted-secret"


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
    (tmp_path / "prompt.txt").write_bytes(b"\xff\xfe\x00")
    binary = run("bench", "start", "gpt-4.1", "--prompt-file", file, "--no-wait")
    assert binary.code == 2
    assert "UTF-8" in binary.err


def test_runs_by_name(house: StandIn, run: Run, tmp_path: Path) -> None:
    path = f"{V1}/benchmarks/{says.run()['id']}"
    house.answer("GET", f"{V1}/benchmarks", {"runs": [says.run()], "total": 1})
    house.answer("GET", path, says.run())
    house.answer("GET", f"{path}/export", Response("a,b\n", media_type="text/csv"))
    house.answer("POST", f"{path}/cancel", says.run("cancelled"))
    house.answer("DELETE", path, 204)
    assert "nightly" in run("bench", "list").out
    assert "211.9" in run("bench", "show", "nightly").out
    assert run("bench", "export", "nightly", "--format", "csv").out == "a,b\n"
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
    house.answer("GET", f"{V1}/alerts/rules", [says.rule(target_model_id=says.model()["id"])])
    assert "Somewhere/gpt-4.1" in run("alerts", "rules", "list").out


def test_a_rule_on_a_budget_has_a_threshold(house: StandIn, run: Run) -> None:
    budget = {"id": says.ident("b"), "name": "Small", "usd_per_day": 2.0, "created_at": says.NOW}
    target = {"target_budget_id": budget["id"], "threshold_percent": 80}
    house.answer("GET", f"{V1}/budgets", {"items": [budget]})
    house.answer("POST", f"{V1}/alerts/rules", says.rule())
    house.answer("GET", f"{V1}/alerts/rules", [says.rule(rule_type="budget_used", **target)])
    add = ("alerts", "rules", "add", "--name", "r", "--type", "budget_used")
    assert run(*add, "--budget", "small", "--percent", "80").code == 0
    assert house.seen[-1].body == {"name": "r", "rule_type": "budget_used", **target}
    assert f"budget {budget['id'][:8]}, 80 %" in run("alerts", "rules", "list").out


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
    for wrong in ("1s", "9", "2d", "soon"):
        assert run("monitoring", "set", "--interval", wrong).code == 2
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
    assert "10 characters" in short.err
    assert run("accounts", "edit", "ada", "--role", "admin", "--disable").code == 0
    assert house.seen[-1].body == {"role": "admin", "enabled": False}


def test_what_a_server_says_cannot_act_on_the_terminal(house: StandIn, run: Run) -> None:
    nasty = "\x1b[31m[bold]red[/bold]\x07\x9b2J\u202e\u2066"
    shown = says.provider(nasty)
    house.answer("GET", f"{V1}/providers", {"providers": [shown], "total": 1})
    out = run("providers", "list").out
    assert "[31m[bold]red[/bold]2J" in out
    assert not set("\x1b\x07\x9b\u202e\u2066") & set(out)
    house.answer("GET", f"{V1}/overview", problem(500, f"line one\nline two {nasty}"))
    err = run("status").err
    assert err.count("\n") == 1
    assert "\x1b" not in err
