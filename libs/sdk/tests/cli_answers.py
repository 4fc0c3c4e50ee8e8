"""What the stand-in API says in the command line's tests."""

from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).isoformat()
ME = {"username": "ada", "role": "admin", "kind": "account"}


def ident(name: str) -> str:
    return str(uuid5(NAMESPACE_DNS, name))


def provider(name: str = "Somewhere", **fields: Any) -> dict[str, Any]:
    return {
        "id": ident(f"provider {name}"),
        "provider_type": "openai",
        "display_name": name,
        "enabled": True,
        "has_credentials": True,
        "discovery": {"at": NOW, "outcome": "ok", "models_found": 2},
        "created_at": NOW,
        "updated_at": NOW,
        **fields,
    }


def model(name: str = "gpt-4.1", provider_name: str = "Somewhere", **fields: Any) -> dict[str, Any]:
    return {
        "id": ident(f"model {provider_name}/{name}"),
        "provider_account_id": ident(f"provider {provider_name}"),
        "provider_name": provider_name,
        "model_id": name,
        "source": "manual",
        "enabled_for_monitoring": True,
        "enabled_for_benchmark": True,
        "created_at": NOW,
        **fields,
    }


def models(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": items, "total": len(items), "has_more": False, "limit": 500, "offset": 0}


def check(name: str = "one", outcome: str = "ok", **fields: Any) -> dict[str, Any]:
    good = outcome == "ok"
    return {
        "id": ident(f"check {name}"),
        "model_id": model()["id"],
        "model": "gpt-4.1",
        "model_name": "gpt-4.1",
        "provider_id": provider()["id"],
        "provider_name": "Somewhere",
        "provider_type": "openai",
        "location": "here",
        "purpose": "scheduled",
        "due_at": NOW,
        "started_at": NOW,
        "completed_at": NOW,
        "available": good,
        "usable": good,
        "says": "answered" if good else "failed with a server error",
        "measurement": {
            "outcome": outcome,
            "fault_owner": "none" if good else "provider",
            "timing": {"first_token_ms": 203.44, "total_ms": 1200.0, "stamp": "kernel"},
            "usage": {"output_tokens": 50, "source": "reported"},
            "tokens_per_s": 49.97,
            "evidence": {"http_status": 200 if good else 500, "retry_after_s": None if good else 2},
            "headroom": [
                {
                    "kind": "input_tokens",
                    "limit": 80000,
                    "remaining": 60000,
                    "left_ratio": 0.75,
                    "resets_in_s": 21.5,
                },
                {"kind": "requests", "remaining": 12},
            ],
        },
        **fields,
    }


def run(status: str = "completed", **fields: Any) -> dict[str, Any]:
    quantiles = {"n": 3, "p50": 201.2, "p95": 210.4, "p99": 211.9}
    return {
        "id": ident("run"),
        "name": "nightly",
        "status": status,
        "model_ids": [model()["id"]],
        "prompt_pack": "synthetic_short",
        "triggered_by": "user",
        "started_at": NOW,
        "result_count": 3,
        "expected_count": 3,
        "created_at": NOW,
        "updated_at": NOW,
        "models": [
            {
                "model_id": model()["id"],
                "model_name": "gpt-4.1",
                "provider_name": "Somewhere",
                "requests": 3,
                "failed": 0,
                "ttft_ms": quantiles,
                "tokens_per_s": quantiles,
                "total_ms": quantiles,
            }
        ],
        **fields,
    }


def rule(name: str = "anything down", **fields: Any) -> dict[str, Any]:
    return {
        "id": ident(f"rule {name}"),
        "name": name,
        "rule_type": "any_model_down",
        "enabled": True,
        "notify_in_app": True,
        "created_at": NOW,
        **fields,
    }


def channel(name: str = "pager") -> dict[str, Any]:
    return {
        "id": ident(f"channel {name}"),
        "name": name,
        "kind": "webhook",
        "url_hint": "https://hooks.example",
        "enabled": True,
        "created_at": NOW,
    }


def alert(**fields: Any) -> dict[str, Any]:
    return {
        "id": ident("alert"),
        "rule_id": rule()["id"],
        "rule_name": "anything down",
        "model_name": "gpt-4.1",
        "provider_name": "Somewhere",
        "message": "gpt-4.1 at Somewhere failed with a server error",
        "acknowledged": False,
        "created_at": NOW,
        **fields,
    }


def session(number: int = 1) -> dict[str, Any]:
    return {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_in_s": 900,
        "username": "ada",
        "role": "admin",
    }
