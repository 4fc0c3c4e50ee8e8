"""Every provider type, played by a server on loopback: in a process of its own, for it changes the
way names are looked up."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "provider_paths.py"


def test_every_type_takes_the_way_that_the_page_says_with_one_request_and_no_retry():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(PROGRAM), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
