"""Programs that run beside us and never outlive us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.interruption import held

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENTRY = Path(__file__).with_name("lifeline_entry.py")
_POSIX = sys.platform != "win32"


@contextmanager
def beside(
    python: Path, words: tuple[str, ...], folder: Path, environ: Mapping[str, str], output: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m <words>`, or what follows `--`, while the block runs; afterwards it and what it started are gone.

    It has a process group of its own: Ctrl-C in the terminal reaches us alone, who then stop it in order.
    """
    plain = words[1:] if words[0] == "--" else (str(python), "-P", "-m", *words)
    theirs, ours = os.pipe()
    try:
        process: subprocess.Popen[bytes] | None = None
        try:
            with held():
                process = subprocess.Popen(
                    [str(python), "-P", str(_ENTRY), str(theirs), *words] if _POSIX else plain,
                    cwd=folder,
                    env=dict(environ),
                    stdout=output,
                    stderr=output,
                    pass_fds=(theirs,) if _POSIX else (),
                    start_new_session=_POSIX,
                )
            yield process
        finally:
            if process is not None:
                _end(process)
    finally:
        os.close(theirs)
        os.close(ours)


def _end(process: subprocess.Popen[bytes]) -> None:
    if _POSIX:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
    process.wait()
