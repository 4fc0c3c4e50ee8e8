"""`arguslm providers`"""

import re
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.lookup import find_offer, find_provider
from arguslm.cli.output import note, print_facts, print_json, print_table, say, short
from arguslm.cli.secrets import read_secret
from arguslm.errors import ArgusLMError

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import ProviderCreate, ProviderResponse, ProviderTestResponse

app = typer.Typer(help="Accounts at LLM vendors, and local servers.", no_args_is_help=True)

DISCOVERY_TIMEOUT_S = 20.0
DISCOVERY_POLL_S = 0.2

Provider = Annotated[str, typer.Argument(metavar="PROVIDER", help="Its name or id.")]
BaseUrl = Annotated[str | None, typer.Option("--base-url", help="The endpoint's address.")]
KeyEnv = Annotated[
    str | None, typer.Option("--key-env", help="Take the API key from this variable.")
]
KeyStdin = Annotated[bool, typer.Option("--key-stdin", help="Read the API key from stdin.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="region=..., api_version=... (repeatable)"),
]
SecretSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set-env",
        metavar="NAME=VARIABLE",
        help="Take a field from a variable: aws_secret_access_key=AWS_SECRET_ACCESS_KEY "
        "(repeatable)",
    ),
]
_SECRET_FIELD = re.compile("_(key|token|secret)$")
PerMinute = Annotated[
    int | None,
    typer.Option(
        "--per-minute",
        min=0,
        help="Most checks and probes a minute, of all models; 0: no limit.",
    ),
]
MaxConcurrent = Annotated[
    int | None,
    typer.Option(
        "--max-concurrent", min=0, help="Most checks at once at each location; 0: no limit."
    ),
]


@app.command("list")
@connected
def list_(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All providers."""
    providers = client.list_providers().providers
    if as_json:
        return print_json(providers)
    return print_table(
        ("=ID", "NAME", "TYPE", "ADDRESS", "KEY", ">MODELS", ">WATCHED", "ENABLED"),
        (
            (
                short(one.id),
                one.display_name,
                one.provider_type,
                one.base_url or "-",
                one.has_credentials,
                one.model_count,
                one.monitored_count,
                one.enabled,
            )
            for one in providers
        ),
        empty="no providers yet: arguslm providers offers, or arguslm providers add --help",
    )


@app.command()
@connected
def show(client: "ArgusLMClient", provider: Provider, as_json: Json = False) -> None:
    """One provider in detail; its key is never shown."""
    found = find_provider(client, provider)
    if as_json:
        return print_json(found)
    return print_facts(_facts(found))


@app.command()
@connected
def add(
    client: "ArgusLMClient",
    provider_type: Annotated[
        str, typer.Option("--type", help="openai, anthropic, ollama, ...: see `catalog`.")
    ],
    name: Annotated[str, typer.Option("--name", help="What you call it.")],
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    key_stdin: KeyStdin = False,
    settings: Settings = None,
    secret_settings: SecretSettings = None,
    watch: Annotated[bool, typer.Option("--watch", help="Watch every model found.")] = False,
    per_minute: PerMinute = None,
    max_concurrent: MaxConcurrent = None,
    test: Annotated[
        bool, typer.Option("--test/--no-test", help="Try the connection before saving.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Add a provider and discover its models."""
    from arguslm.call import checked
    from arguslm.schemas import ProviderCreate

    wanted = checked(
        ProviderCreate,
        provider_type=provider_type,
        display_name=name,
        credentials=_credentials(base_url, _key(key_env, key_stdin), settings, secret_settings),
        monitor_discovered=watch,
        requests_per_minute=per_minute or 0,
        max_concurrent=max_concurrent or 0,
    )
    if test:
        _try(client, wanted)
    created = _with_models(client, client.create_provider(wanted))
    if as_json:
        return print_json(created)
    say(f"added {created.display_name} ({created.id})")
    print_facts(_facts(created)[3:])
    if created.model_count > created.monitored_count:
        note("what is not watched is not checked: arguslm models watch MODEL")
    return None


@app.command()
@connected
def edit(
    client: "ArgusLMClient",
    provider: Provider,
    name: Annotated[str | None, typer.Option("--name", help="A new name.")] = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    key_stdin: KeyStdin = False,
    settings: Settings = None,
    secret_settings: SecretSettings = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether its models are asked.")
    ] = None,
    watch: Annotated[
        bool | None, typer.Option("--watch/--no-watch", help="Watch newly found models.")
    ] = None,
    per_minute: PerMinute = None,
    max_concurrent: MaxConcurrent = None,
) -> None:
    """Change only what is given; everything else, the key included, stays."""
    credentials = _credentials(base_url, _key(key_env, key_stdin), settings, secret_settings)
    changes: dict[str, Any] = {
        "display_name": name,
        "credentials": credentials or None,
        "enabled": enabled,
        "monitor_discovered": watch,
        "requests_per_minute": per_minute,
        "max_concurrent": max_concurrent,
    }
    changes = {field: value for field, value in changes.items() if value is not None}
    if not changes:
        raise typer.BadParameter("nothing to change was given")
    changed = client.update_provider(find_provider(client, provider).id, **changes)
    say(f"changed {changed.display_name}: {', '.join(changes)}")


@app.command("test")
@connected
def try_now(client: "ArgusLMClient", provider: Provider, as_json: Json = False) -> None:
    """Ask it once now. Exit code 1 when it does not answer."""
    answer = client.test_existing_provider(find_provider(client, provider).id)
    if as_json:
        print_json(answer)
    else:
        print_facts((("result", answer.message), *(answer.details or {}).items()))
    if not answer.success:
        raise typer.Exit(1)


@app.command()
@connected
def discover(client: "ArgusLMClient", provider: Provider, as_json: Json = False) -> None:
    """List its models again and add the new ones."""
    answer = client.refresh_provider_models(find_provider(client, provider).id)
    if as_json:
        print_json(answer)
    else:
        say(answer.message)
    if not answer.success:
        raise typer.Exit(1)


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    provider: Provider,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove it with its models, and destroy its key."""
    found = find_provider(client, provider)
    if not yes:
        question = f"Remove {found.display_name} and its {found.model_count} models?"
        typer.confirm(question, abort=True, err=True)
    client.delete_provider(found.id)
    say(f"removed {found.display_name}")


@app.command()
@connected
def catalog(
    client: "ArgusLMClient",
    tested: Annotated[bool, typer.Option("--tested", help="Only those tested with us.")] = False,
    as_json: Json = False,
) -> None:
    """Every provider type: what it needs, and how its requests are timed and were verified."""
    specs = [one for one in client.get_provider_catalog().providers.values() if _fits(one, tested)]
    if as_json:
        return print_json(specs)
    return print_table(
        ("TYPE", "LABEL", "TESTED", "NEEDS", "ADDRESS", "ROUTE", "VERIFIED"),
        (
            (
                one.id,
                one.label,
                one.tested,
                ", ".join(one.needs) or "-",
                one.default_base_url or "-",
                one.route,
                one.verified,
            )
            for one in specs
        ),
        empty="the catalogue is empty",
    )


@app.command()
@connected
def offers(client: "ArgusLMClient", as_json: Json = False) -> None:
    """What was found on the server's machine and is not added yet."""
    found = client.list_offers().offers
    if as_json:
        return print_json(found)
    return print_table(
        ("=ID", "NAME", "TYPE", "FOUND", "ADDRESS"),
        (
            (one.id, one.display_name, one.provider_type, one.found, one.base_url or "-")
            for one in found
        ),
        empty="nothing found that is not added yet",
    )


@app.command()
@connected
def accept(
    client: "ArgusLMClient", offer: Annotated[str, typer.Argument(help="Its name or id.")]
) -> None:
    """Add what was found."""
    created = _with_models(client, client.accept_offer(find_offer(client, offer).id))
    say(f"added {created.display_name} ({created.id})")
    print_facts(_facts(created)[3:])


def _with_models(client: "ArgusLMClient", provider: "ProviderResponse") -> "ProviderResponse":
    """The provider once its models were listed, so that the next command finds them."""
    deadline = time.monotonic() + DISCOVERY_TIMEOUT_S
    while provider.discovery is None and time.monotonic() < deadline:
        time.sleep(DISCOVERY_POLL_S)
        provider = client.get_provider(provider.id)
    return provider


def _try(client: "ArgusLMClient", wanted: "ProviderCreate") -> None:
    answer: ProviderTestResponse = client.test_provider_connection(wanted)
    if not answer.success:
        raise ArgusLMError(f"not saved: {answer.message.rstrip('.')} (--no-test saves it anyway)")
    note(answer.message)


def _key(variable: str | None, stdin: bool) -> str | None:
    if variable is None and not stdin:
        return None
    return read_secret("API key", variable=variable, stdin=stdin)


def _credentials(
    base_url: str | None,
    key: str | None,
    settings: list[str] | None,
    secret_settings: list[str] | None,
) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for setting in settings or ():
        name, value = _name_and_value("--set", "VALUE", setting)
        if name == "api_key":
            raise typer.BadParameter("give the key with --key-env or --key-stdin")
        if value and _SECRET_FIELD.search(name):
            raise typer.BadParameter(f"give it with --set-env {name}=VARIABLE: --set is no secret")
        chosen[name] = value or None
    for setting in secret_settings or ():
        name, variable = _name_and_value("--set-env", "VARIABLE", setting)
        chosen[name] = read_secret(name, variable=variable)
    if base_url is not None:
        chosen["base_url"] = base_url
    if key is not None:
        chosen["api_key"] = key
    return chosen


def _name_and_value(option: str, what: str, setting: str) -> tuple[str, str]:
    name, separator, value = setting.partition("=")
    if not separator or not name:
        raise typer.BadParameter(f"write {option} NAME={what}")
    return name, value


def _fits(spec: Any, tested: bool) -> bool:
    return spec.tested or not tested


def _facts(one: "ProviderResponse") -> list[tuple[str, Any]]:
    discovery = one.discovery
    return [
        ("id", one.id),
        ("name", one.display_name),
        ("type", one.provider_type),
        ("address", one.base_url),
        *((name, value) for name, value in one.settings.items()),
        ("key", "stored" if one.has_credentials else "none"),
        ("enabled", one.enabled),
        ("watch found", one.monitor_discovered),
        ("most a minute", one.requests_per_minute or "no limit"),
        (
            "most at once",
            f"{one.max_concurrent} at a location" if one.max_concurrent else "no limit",
        ),
        ("models", f"{one.model_count}, {one.monitored_count} watched"),
        ("discovered", discovery and f"{discovery.outcome}: {discovery.models_found} models"),
        ("discovery says", discovery and discovery.message),
        ("created", one.created_at),
    ]
