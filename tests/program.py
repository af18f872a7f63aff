"""Runs the program in a process of its own, as a person would from a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "mnist_digit.py"
PATIENCE = 300  # seconds; only a test that fails waits so long, and a busy machine is slow


def skip_or_fail(reason: str) -> None:
    """Skip the test; fail it on the CI machine, where everything is to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(condition: Callable[[], object], what: str, pause: float = 0.02) -> object:
    """What condition() gives as soon as it is true; AssertionError where that does not come.

    It is asked again after pause seconds.
    """
    end = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(pause)
    return result


def environment(**changes: str | None) -> dict[str, str]:
    """The environment with changes; None takes a variable away."""
    merged = {**os.environ, **changes}
    return {name: value for name, value in merged.items() if value is not None}


# A process of its own does the measuring: the peak of a child counts what its parent had.
MEASURE = """
import os, sys
child = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=open(sys.argv[1], "w"))
"""


class Outcome(NamedTuple):
    """How one call of the program ended."""

    status: int  # its exit status; that of an abort is negative
    out: str
    err: str
    peak: int  # the most memory that it had, in KiB


def run(
    *arguments: object,
    code: str = "",
    cwd: Path | None = None,
    through: Sequence[str] = (),
    **variables: str | None,
) -> Outcome:
    """Run the program, or code that can import it, in a folder or through another program."""
    program = ["-c", code] if code else [PROGRAM]
    with tempfile.NamedTemporaryFile("r") as measured:
        measuring = [sys.executable, "-c", MEASURE, measured.name]
        words = [*measuring, *through, sys.executable, *program, *arguments]
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd,
            env=environment(**{"PYTHONPATH": str(ROOT), **variables}),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=1800,
            check=True,
        )
        status, peak = map(int, measured.read().split())
    return Outcome(status, done.stdout, done.stderr, peak)


def start(*arguments: object, **streams: object) -> subprocess.Popen:
    """Start the program; its standard output and error are pipes, where nothing else is said."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **streams}
    words = [sys.executable, str(PROGRAM), *map(str, arguments)]
    return subprocess.Popen(words, preexec_fn=restore_signals, **streams)


def restore_signals() -> None:
    """In a new process: let signals end it, also where a script in the background ignores them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
