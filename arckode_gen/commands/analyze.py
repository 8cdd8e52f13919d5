"""`arckode analyze`: the gate. It starts without typer or rich, and answers an unchanged tree from the last verdict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import CrashError, OperationError, UsageError, nearest

if TYPE_CHECKING:
    from arckode_analyzers.baseline import Entry
    from arckode_analyzers.run import Report, Wanted
    from arckode_gen.engine.spec import Call

_FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")

SPEC = CommandSpec(
    "analyze",
    "Check the project's architecture and its use of the database.",
    examples=(
        "arckode analyze",
        "arckode analyze src/shop/modules/orders --select ARC201",
        "arckode analyze --strict --format sarif > arckode.sarif",
        "arckode analyze --baseline arckode-baseline.json",
    ),
    params=(
        Param("paths", kind="argument", many=True, help="Show only findings under these paths; all files are read."),
        Param("format", default="text", choices=_FORMATS, help="How to write the findings."),
        Param("strict", type="bool", help="Fail with 2 when something could not be analysed."),
        Param("select", many=True, metavar="CODE", help="Show only these rules; may be repeated."),
        Param("baseline", default="", metavar="FILE", help="Known findings to accept; the list may only shrink."),
        Param("update_baseline", type="bool", help="Take what is gone out of the baseline, or write the first one."),
        Param("suppressions", type="bool", help="List the suppression comments instead of the findings."),
        Param("no_cache", type="bool", help="Neither read nor write .arckode/cache."),
    ),
    details=(
        "Exit code 0: nothing found; 1: findings; 2: wrong usage, or with --strict an incomplete analysis; "
        "70: a rule crashed. `--json` is `--format json`."
    ),
)


def run(call: Call) -> int:
    """Analyse and report.

    Raises:
        UsageError: a path, a rule, the configuration or the baseline is wrong.
        OperationError: the baseline cannot be written.
        CrashError: a rule failed.
    """
    from arckode_analyzers import report  # only this command pays
    from arckode_analyzers.config import ConfigurationError
    from arckode_analyzers.engine import RuleCrash
    from arckode_analyzers.run import analyse

    if call.flag("update_baseline") and not call.text("baseline"):
        raise UsageError("--update-baseline needs to know which", "add --baseline FILE")
    try:
        found = analyse(_wanted(call))
    except RuleCrash as error:
        raise CrashError(str(error), "this is a bug in arckode; please report it with that file") from error
    except ConfigurationError as error:
        raise UsageError(str(error), "correct pyproject.toml") from error
    if call.flag("update_baseline"):
        return _update(call, found)
    if call.flag("suppressions"):
        call.write(_suppressions(call, found))
        return 0
    call.write(report.render("json" if call.json else call.text("format") or "text", found))
    if found.incomplete and call.flag("strict"):
        call.say("the analysis is incomplete, and --strict does not take that for green")
        return 2
    return 1 if found.findings else 0


def _wanted(call: Call) -> Wanted:
    from arckode_analyzers.files import find_root  # only this command pays
    from arckode_analyzers.run import Wanted

    root = find_root(call.cwd)
    if not (root / "pyproject.toml").is_file() and next(root.rglob("*.py"), None) is None:
        raise UsageError(f"there is no Python file and no pyproject.toml in {root}", "change into a project")
    return Wanted(
        root,
        datetime.now(UTC).date().isoformat(),
        tuple(_relative(call.cwd, root, word) for word in call.words("paths")),
        frozenset(_code(word) for word in call.words("select")),
        call.text("baseline"),
        _known(call),
        not call.flag("no_cache"),
    )


def _relative(cwd: Path, root: Path, word: str) -> str:
    path = (cwd / word).resolve()
    if not path.exists():
        raise UsageError(f"there is no '{word}'", "name files or folders of the project")
    if not path.is_relative_to(root.resolve()):
        raise UsageError(f"'{word}' is outside the project in {root}", "run arckode in the project it belongs to")
    return PurePosixPath(path.relative_to(root.resolve())).as_posix()


def _code(word: str) -> str:
    from arckode_analyzers.meta import catalogue  # only when a rule is named

    known = {rule.code for rule in catalogue()}
    if word.upper() not in known:
        raise UsageError(f"there is no rule '{word}'", nearest(word.upper(), known) or "run `arckode explain`")
    return word.upper()


def _known(call: Call) -> frozenset[Entry]:
    from arckode_analyzers import baseline  # only this command pays

    name = call.text("baseline")
    if not name:
        return frozenset()
    file = call.cwd / name
    if not file.is_file():
        if call.flag("update_baseline"):
            return frozenset()
        raise UsageError(f"there is no baseline '{name}'", "write the first one with --update-baseline")
    try:
        return baseline.parse(file.read_text(encoding="utf-8"))
    except (baseline.BaselineError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: {error}", "restore it, or delete it and write a new one") from error


def _update(call: Call, found: Report) -> int:
    """Write the first baseline, or take entries out of it; new findings never go in."""
    from arckode_analyzers import baseline  # only this command pays

    file = call.cwd / call.text("baseline")
    current = frozenset(entry for entry, _ in baseline.entries(found.all_findings))
    known = _known(call)
    kept = current & known if file.is_file() else current
    try:
        file.write_text(baseline.render(kept), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OperationError(f"cannot write {file.name}: {error.strerror}") from error
    left = len(current - kept)
    call.write(f"{file.name}: {len(kept)} known, {len(known - kept)} taken out, {left} new ones left to fix")
    return 1 if left else 0


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
        f"{row.path}:{row.ignore.line}: {', '.join(row.ignore.codes)}"
        f"{f' until {row.ignore.until}' if row.ignore.until else ''}: {row.ignore.reason or 'no reason'}"
        for row in rows
    ]
    return "\n".join([*lines, f"{len(rows)} suppression{'' if len(rows) == 1 else 's'}"])
