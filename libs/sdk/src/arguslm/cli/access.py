"""`arguslm keys` and `arguslm accounts`"""

from typing import TYPE_CHECKING, Annotated

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.lookup import find_account, find_api_key
from arguslm.cli.output import note, print_json, print_table, say, short
from arguslm.cli.secrets import read_secret

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient

keys = typer.Typer(help="API keys, for programs.", no_args_is_help=True)
accounts = typer.Typer(help="Accounts, for people.", no_args_is_help=True)

Role = Annotated[str, typer.Option(help="viewer, operator or admin.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
PasswordEnv = Annotated[
    str | None, typer.Option("--password-env", help="Take the password from this variable.")
]


@keys.command("list")
@connected
def list_keys(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All API keys; of a key only its end is known."""
    known = client.list_api_keys().items
    if as_json:
        return print_json(known)
    return print_table(
        ("=ID", "NAME", "ROLE", "ENDS IN", "=CREATED", "EXPIRES"),
        (
            (short(one.id), one.name, one.role, one.hint, one.created_at, one.expires_at or "never")
            for one in known
        ),
        empty="no API keys",
    )


@keys.command("create")
@connected
def create_key(
    client: "ArgusLMClient",
    name: Annotated[str, typer.Argument(help="What it is for.")],
    role: Role = "viewer",
    as_json: Json = False,
) -> None:
    """Create an API key; it is printed now and never again."""
    created = client.create_api_key(name, role=role)  # type: ignore[arg-type]
    if as_json:
        return print_json(created)
    note(f"the key of {created.name} ({created.role}), shown only now:")
    return say(created.key)


@keys.command("revoke")
@connected
def revoke_key(
    client: "ArgusLMClient",
    key: Annotated[str, typer.Argument(help="Its name or id.")],
    yes: Yes = False,
) -> None:
    """Make a key worthless at once."""
    found = find_api_key(client, key)
    if not yes:
        typer.confirm(f"Revoke the key {found.name}?", abort=True, err=True)
    client.revoke_api_key(found.id)
    say(f"revoked {found.name}")


@accounts.command("list")
@connected
def list_accounts(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All accounts."""
    known = client.list_accounts().items
    if as_json:
        return print_json(known)
    return print_table(
        ("=ID", "NAME", "ROLE", "ENABLED", "CREATED"),
        ((short(one.id), one.username, one.role, one.enabled, one.created_at) for one in known),
        empty="no accounts",
    )


@accounts.command("add")
@connected
def add_account(
    client: "ArgusLMClient",
    username: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Role = "viewer",
    password_env: PasswordEnv = None,
    as_json: Json = False,
) -> None:
    """Add a person. The password is asked for, or read from stdin, unless --password-env."""
    from arguslm.call import checked
    from arguslm.schemas import AccountCreate

    password = read_secret("password", variable=password_env)
    wanted = checked(AccountCreate, username=username, password=password, role=role)
    created = client.create_account(wanted)
    if as_json:
        return print_json(created)
    return say(f"added {created.username} ({created.role})")


@accounts.command("edit")
@connected
def edit_account(
    client: "ArgusLMClient",
    account: Annotated[str, typer.Argument(help="Its name or id.")],
    role: Annotated[str | None, typer.Option(help="viewer, operator or admin.")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it may sign in.")
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="Set a new password.")] = False,
    password_env: PasswordEnv = None,
) -> None:
    """Change only what is given."""
    from arguslm.call import checked
    from arguslm.schemas import AccountUpdate

    wants_password = password or password_env is not None
    fields = {
        "role": role,
        "enabled": enabled,
        "password": read_secret("password", variable=password_env) if wants_password else None,
    }
    changes = {name: value for name, value in fields.items() if value is not None}
    if not changes:
        raise typer.BadParameter("nothing to change was given")
    update = checked(AccountUpdate, **changes)
    changed = client.update_account(find_account(client, account).id, update)
    say(f"changed {changed.username}: {', '.join(changes)}")


@accounts.command("remove")
@connected
def remove_account(
    client: "ArgusLMClient",
    account: Annotated[str, typer.Argument(help="Its name or id.")],
    yes: Yes = False,
) -> None:
    """Remove a person; their sessions end."""
    found = find_account(client, account)
    if not yes:
        typer.confirm(f"Remove the account {found.username}?", abort=True, err=True)
    client.delete_account(found.id)
    say(f"removed {found.username}")
