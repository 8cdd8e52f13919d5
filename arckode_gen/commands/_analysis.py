"""One run of `arckode analyze`: its words made into what is wanted, its errors into ours, its report written."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from arckode_analyzers import answers, registry, report
from arckode_analyzers.config import ConfigurationError
from arckode_analyzers.engine import RuleCrash
from arckode_analyzers.files import find_root
from arckode_analyzers.run import Proposal, Wanted, analyse
from arckode_gen.commands import _baseline
from arckode_gen.errors import CrashError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.run import Report
    from arckode_analyzers.selection import Selection
    from arckode_gen.engine.spec import Call


_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def judge(call: Call) -> int:
    """Analyse once and report; the exit code says what was found.

    Raises:
        UsageError: a word, the configuration, the baseline or the commit to compare with is wrong.
        CrashError: a rule failed.
    """
    asked = answers.question(call.argv, str(call.cwd))
    found = analysed(wanted_by(call))
    if call.flag("update_baseline"):
        return _baseline.update(call, found)
    if call.flag("suppressions"):
        call.write(_suppressions(call, found))
        return 0
    output = _rendered(call, found)
    call.write(output)
    complaints = [found.foreign] if found.foreign else []
    code = 1 if found.findings else 0
    if call.flag("strict") and (found.incomplete or found.foreign):
        complaints.append("the analysis is incomplete, and --strict does not take that for green")
        code = 2
    for complaint in complaints:
        call.say(complaint)
    if found.own_rules is None:  # what those depend on, nobody here can know
        answers.keep(asked, str(call.cwd), code, output, "\n".join(complaints))
    return code


def project_of(call: Call) -> Path:
    """Return the project's folder.

    Raises:
        UsageError: there is nothing to analyse.
    """
    root = find_root(call.cwd)
    if not (root / "pyproject.toml").is_file() and next(root.rglob("*.py"), None) is None:
        raise UsageError(f"there is no Python file and no pyproject.toml in {root}", "change into a project")
    return root


def wanted_by(call: Call) -> Wanted:
    """Read a command line.

    Raises:
        UsageError: a path, a pattern or the baseline is wrong.
    """
    root = project_of(call)
    return Wanted(
        root,
        datetime.now(UTC).date().isoformat(),
        tuple(_existing(call.cwd, root, word) for word in call.words("paths")),
        _selection(call),
        _baseline.shown_as(call, root),
        _baseline.known(call),
        not call.flag("no_cache"),
        call.text("against") or (_default_branch(call, root) if call.flag("changed") else ""),
        _proposal(call, root),
    )


def wanted_for(call: Call, root: Path, proposal: Proposal, ignored: tuple[str, ...]) -> Wanted:
    """Return what a gate asks about a file that is about to be written: only what that adds counts.

    Raises:
        UsageError: a rule's code is wrong.
    """
    selection = _selection(call, ignored)
    return Wanted(root, datetime.now(UTC).date().isoformat(), selection=selection, proposal=proposal)


def analysed(wanted: Wanted) -> Report:
    """Analyse.

    Raises:
        UsageError: the configuration, a rule's code or the commit to compare with is wrong.
        CrashError: a rule failed.
    """
    try:
        return analyse(wanted)
    except RuleCrash as error:
        ours = error.code in registry.codes()
        hint = "this is a bug in arckode; please report it with that file" if ours else "it is a rule of the project's"
        raise CrashError(str(error), hint) from error
    except ConfigurationError as error:
        raise UsageError(str(error), error.hint or "correct pyproject.toml") from error


def _default_branch(call: Call, root: Path) -> str:
    """Return what a branch is compared with; where there is no other, the last commit."""
    from arckode_analyzers.git_tree import first_known  # starting git is for this flag only

    pulled = call.environ.get("GITHUB_BASE_REF", "")
    return first_known(root, (*([f"origin/{pulled}"] if pulled else []), *_BRANCHES)) or "HEAD"


def _existing(cwd: Path, root: Path, word: str) -> str:
    if not (cwd / word).exists():
        raise UsageError(f"there is no '{word}'", "name files or folders of the project")
    return _inside(cwd, root, word)


def _inside(cwd: Path, root: Path, word: str) -> str:
    path = (cwd / word).resolve()
    if not path.is_relative_to(root.resolve()):
        raise UsageError(f"'{word}' is outside the project in {root}", "run arckode in the project it belongs to")
    return PurePosixPath(path.relative_to(root.resolve())).as_posix()


def _selection(call: Call, ignored: tuple[str, ...] = ()) -> Selection | None:
    select, ignore, per_path = (call.words(name) for name in ("select", "ignore", "per_path"))
    ignore = (*ignore, *ignored)
    if not (select or ignore or per_path):
        return None
    from arckode_analyzers.selection import Selection, codes_in, parse_per_path  # only where somebody chose

    try:
        return Selection(codes_in(select), codes_in(ignore), parse_per_path(per_path))
    except ConfigurationError as error:
        raise UsageError(f"--per-path: {error}", error.hint) from error


def _proposal(call: Call, root: Path) -> Proposal | None:
    name = call.text("stdin_file")
    if not name:
        return None
    if not name.endswith((".py", ".ts", ".tsx", ".vue")):
        message = f"--stdin-file {name}: only Python files and those of a front end are judged"
        raise UsageError(message, "name the .py, .ts or .vue file it is to become")
    path = _inside(call.cwd, root, name)
    if sys.stdin.isatty():
        raise UsageError("--stdin-file reads the file's content from standard input, and that is a terminal", "pipe it")
    return Proposal(path, sys.stdin.buffer.read())


def _rendered(call: Call, found: Report) -> str:
    chosen = "json" if call.json else call.text("format") or "text"
    if not call.flag("statistics"):
        return report.render(chosen, found)
    from arckode_analyzers import counts  # only this flag pays

    return counts.as_json(found) if chosen == "json" else counts.as_text(found)


def _suppressions(call: Call, found: Report) -> str:
    rows = found.suppressions
    if call.json or call.text("format") == "json":
        listed = [
            {
                "path": row.path,
                "line": row.ignore.line,
                "codes": list(row.ignore.codes),
                "until": row.ignore.until,
                "reason": row.ignore.reason,
                "silenced": row.silenced,
            }
            for row in rows
        ]
        return json.dumps({"version": 1, "suppressions": listed}, indent=2, ensure_ascii=False)
    lines = [
        f"{row.path}:{row.ignore.line}: {', '.join(row.ignore.codes) or 'no rule'}"
        f"{f' until {row.ignore.until}' if row.ignore.until else ''}: {row.ignore.reason or 'no reason'}"
        for row in rows
    ]
    return "\n".join([*lines, f"{len(rows)} suppression{'' if len(rows) == 1 else 's'}"])
