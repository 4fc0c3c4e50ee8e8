"""Keys and other secrets come from a variable, from standard input or from a prompt without echo:
never from an argument, which the shell's history and the process list would keep."""

import os
import sys

import typer


def read_secret(what: str, *, variable: str | None = None, stdin: bool = False) -> str:
    """
    Raises:
        BadParameter: the variable is not set, or nothing came.
    """
    if variable is not None:
        value = os.environ.get(variable, "")
        if not value:
            raise typer.BadParameter(f"the environment variable {variable} is not set")
    elif stdin or not sys.stdin.isatty():
        # A key may have many lines: Google's are JSON.
        value = sys.stdin.readline() if sys.stdin.isatty() else sys.stdin.read()
    else:
        value = str(typer.prompt(what, hide_input=True, err=True))
    if not (value := value.strip()):
        raise typer.BadParameter(f"no {what} was given")
    return value
