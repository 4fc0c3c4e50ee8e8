"""`arguslm alerts channels`"""

from typing import TYPE_CHECKING, Annotated

import typer

from arguslm.cli.connect import Json, connected
from arguslm.cli.lookup import find_channel
from arguslm.cli.output import print_json, print_table, say, short
from arguslm.cli.secrets import read_secret

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient

app = typer.Typer(help="Where alerts are told.", no_args_is_help=True)

Channel = Annotated[str, typer.Argument(metavar="CHANNEL", help="Its name or id.")]


@app.command("list")
@connected
def list_(client: "ArgusLMClient", as_json: Json = False) -> None:
    """All channels; of an address only scheme and host are shown."""
    channels = client.list_channels().items
    if as_json:
        return print_json(channels)
    return print_table(
        ("=ID", "NAME", "KIND", "ADDRESS", "ENABLED"),
        ((short(one.id), one.name, one.kind, one.url_hint, one.enabled) for one in channels),
        empty="no channels yet: arguslm alerts channels add --help",
    )


@app.command()
@connected
def add(
    client: "ArgusLMClient",
    name: Annotated[str, typer.Option(help="What you call it.")],
    kind: Annotated[
        str, typer.Option(help="webhook (an https address) or apprise (tgram://..., mailto://...).")
    ] = "webhook",
    url_env: Annotated[
        str | None, typer.Option("--url-env", help="Take the address from this variable.")
    ] = None,
    url_stdin: Annotated[
        bool, typer.Option("--url-stdin", help="Read the address from stdin.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add a channel. Its address is a secret: asked for, unless --url-env or --url-stdin."""
    from arguslm.call import checked
    from arguslm.schemas import ChannelCreate

    address = read_secret("channel address", variable=url_env, stdin=url_stdin)
    created = client.create_channel(checked(ChannelCreate, name=name, kind=kind, url=address))
    if as_json:
        return print_json(created)
    return say(f"added {created.name} ({created.id}); try it: arguslm alerts channels test")


@app.command("test")
@connected
def try_now(client: "ArgusLMClient", channel: Channel) -> None:
    """Send a test message now. Exit code 1 when it is not delivered."""
    answer = client.test_channel(find_channel(client, channel).id)
    say(answer.message)
    if not answer.success:
        raise typer.Exit(1)


@app.command()
@connected
def remove(
    client: "ArgusLMClient",
    channel: Channel,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove a channel; its address is forgotten."""
    found = find_channel(client, channel)
    if not yes:
        typer.confirm(f"Remove the channel {found.name}?", abort=True, err=True)
    client.delete_channel(found.id)
    say(f"removed {found.name}")
