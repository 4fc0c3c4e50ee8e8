"""Running `arguslm` inside the test's process, as its console script does."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from arguslm.cli.main import main

Run = Callable[..., "Result"]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def runner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str, stdin: str = "") -> Result:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Result(int(ended.value.code or 0), said.out, said.err)

    return run
