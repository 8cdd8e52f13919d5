"""Runs one operation again and again in processes of their own, each failing at a later call to the disk.

    python -m tests.shell.faults (kill|full|edit) (apply|recover) SOURCE PLAN OUT [NAME]

Each attempt works on its own copy of SOURCE, OUT/<n>, or on OUT/<n>/NAME. At the n-th call `kill` ends the process
with SIGKILL, `full` fails as a full disk does, and `edit` writes edited.txt as a user might at that moment.
Prints a JSON list with `killed`, `survived` or the error's message for each attempt; the last is `untouched`: the
operation was over before a fault could strike.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.errors import ArckodeError
from arckode_gen.shell.apply import apply, recover
from arckode_gen.shell.formats import unpack_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arckode_gen.engine.plan import Plan

CALLS = ("open", "mkdir", "fsync", "replace", "rename", "unlink", "rmdir")
UNTOUCHED, FAILED, SURVIVED = 0, 1, 2
ENDS = {UNTOUCHED: "untouched", SURVIVED: "survived", -signal.SIGKILL: "killed"}


class Fault:
    """Lets `calls` calls pass, strikes at the next one, and never again."""

    def __init__(self, kind: str, calls: int, edited: Path) -> None:
        self.kind, self.calls, self.edited = kind, calls, edited

    def guard(self, name: str) -> None:
        real: Callable[..., object] = getattr(os, name)

        def guarded(*args: object, **kwargs: object) -> object:
            self.calls -= 1
            if self.calls == -1:
                self.strike()
            return real(*args, **kwargs)

        setattr(os, name, guarded)

    def strike(self) -> None:
        if self.kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.kind == "full":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.edited.write_bytes(b"edited")

    @property
    def struck(self) -> bool:
        return self.calls < 0


def attempts(kind: str, action: str, source: Path, plan: Plan, out: Path, name: str) -> Iterator[str]:
    for count in itertools.count():
        shutil.copytree(source, out / str(count), symlinks=True)
        root = out / str(count) / name
        said = out / f"{count}.txt"
        child = os.fork()
        if child == 0:
            os._exit(_attempt(Fault(kind, count, root / "edited.txt"), action, root, plan, said))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        yield said.read_text() if code == FAILED else ENDS[code]
        if code == UNTOUCHED:
            return


def _attempt(fault: Fault, action: str, root: Path, plan: Plan, said: Path) -> int:
    for call in CALLS:
        fault.guard(call)
    try:
        if action == "apply":
            apply(root, plan)
        else:
            recover(root)
    except ArckodeError as error:
        said.write_text(f"{error.exit_code} {error}")
        return FAILED
    except BaseException as error:  # noqa: BLE001  the parent reads it; nothing may escape a forked child
        said.write_text(f"crashed: {error!r}")
        return FAILED
    return SURVIVED if fault.struck else UNTOUCHED


if __name__ == "__main__":
    kind, action, source, plan_file, out, *name = sys.argv[1:]
    plan = unpack_plan(json.loads(Path(plan_file).read_text()))
    print(json.dumps(list(attempts(kind, action, Path(source), plan, Path(out), "".join(name)))))
