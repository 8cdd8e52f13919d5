"""`arckode analyze`: the gate. It starts without typer or rich, and answers an unchanged tree from the last verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import UsageError

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

_FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")

SPEC = CommandSpec(
    "analyze",
    "Check the project's architecture and its use of the database.",
    examples=(
        "arckode analyze",
        "arckode analyze src/shop/modules/orders --select ARC201",
        "arckode analyze --ignore ARC4 --per-path 'src/shop/legacy/**:ARC201'",
        "arckode analyze --strict --format sarif > arckode.sarif",
        "arckode analyze --against origin/main",
        "arckode analyze --changed",
        "arckode analyze --baseline arckode-baseline.json",
        "arckode analyze --init",
        "arckode analyze --fix --dry-run --diff",
        "arckode analyze --stdin-file src/shop/modules/orders/service.py < proposed.py",
    ),
    params=(
        Param("paths", kind="argument", many=True, help="Show only findings under these paths; all files are read."),
        Param("format", default="text", choices=_FORMATS, help="How to write the findings."),
        Param("strict", type="bool", help="Fail with 2 when something could not be analysed."),
        Param("select", many=True, metavar="CODES", help="Only these rules: codes or prefixes: ARC2,ARC301; repeat."),
        Param("ignore", many=True, metavar="CODES", help="Not these rules; the longer word wins over --select."),
        Param("per_path", many=True, metavar="GLOB:CODE", help="Not this rule in these files; repeat."),
        Param("statistics", type="bool", help="Count the findings by rule and by module instead of listing them."),
        Param("against", default="", metavar="REF", help="Only what was added since the branch left REF."),
        Param(
            "changed",
            type="bool",
            help="Only what was added since the branch left the default one, unsaved in git too.",
        ),
        Param("baseline", default="", metavar="FILE", help="Known findings to accept; the list may only shrink."),
        Param("update_baseline", type="bool", help="Take what is gone out of the baseline, or write the first one."),
        Param("suppressions", type="bool", help="List the suppression comments instead of the findings."),
        Param("stdin_file", default="", metavar="PATH", help="Judge standard input in place of this file; write none."),
        Param("watch", type="bool", help="Run again whenever a file changes, until Ctrl-C."),
        Param("init", type="bool", help="Propose a configuration from what the code does."),
        Param("write", type="bool", help="With --init: put the configuration into pyproject.toml."),
        Param("fix", type="bool", help="Repair what a machine can repair; `arckode undo` takes it back."),
        Param("dry_run", type="bool", help="With --fix: show what would change and write nothing."),
        Param("diff", type="bool", help="With --fix: show the changes as a unified diff."),
        Param("no_cache", type="bool", help="Neither read nor write .arckode/cache."),
    ),
    details=(
        "Exit code 0: nothing found; 1: findings, a stale baseline entry included; 2: wrong usage or configuration, "
        "or with --strict an incomplete analysis; 70: a rule crashed. `--json` is `--format json`. "
        "--changed compares with where HEAD left origin's default branch, else main or master, and on that branch with "
        "the last commit. With --stdin-file the findings are those of the file and those elsewhere that it causes. "
        "Layers, presets, select, ignore, per-path and rules of the project's own are written in `[tool.arckode]`."
    ),
)

# What each of these does with the findings leaves no room for another, or for files that are not saved.
_ALONE = ("init", "suppressions", "update_baseline", "statistics", "stdin_file", "watch", "fix")
_TOGETHER = frozenset({("statistics", "stdin_file"), ("statistics", "watch")})


def run(call: Call) -> int:
    """Analyse and report.

    Raises:
        UsageError: a word, a path, a rule, the configuration, the baseline or the commit to compare with is wrong.
        OperationError: the baseline cannot be written.
        CrashError: a rule failed.
    """
    _refuse_contradictions(call)
    if call.flag("init"):
        from arckode_gen.commands._layout import propose  # only this flag pays

        return propose(call)
    if call.flag("fix"):
        from arckode_gen.commands._fixes import carry_out_fixes  # the only thing here that writes into files

        return carry_out_fixes(call)
    from arckode_gen.commands._analysis import judge  # only a run pays

    if not call.flag("watch"):
        return judge(call)
    from arckode_gen.commands._watch import watch  # only this flag pays

    return watch(call)


def _refuse_contradictions(call: Call) -> None:
    given = [name for name in _ALONE if call.flag(name) or call.text(name)]
    pair = next(
        ((one, other) for at, one in enumerate(given) for other in given[at + 1 :] if (one, other) not in _TOGETHER),
        None,
    )
    if pair is not None:
        raise UsageError(f"{_flag(pair[0])} and {_flag(pair[1])} do not go together", "run one after the other")
    if call.flag("changed") and call.text("against"):
        raise UsageError("--changed and --against both say what to compare with", "leave one of them out")
    if call.flag("update_baseline"):
        _refuse_partial_update(call)
    for name in ("dry_run", "diff"):
        if call.flag(name) and not call.flag("fix"):
            raise UsageError(f"{_flag(name)} only means something with --fix", "leave it out, or add --fix")
    if call.flag("write") and not call.flag("init"):
        raise UsageError("--write only means something with --init", "add --init, or leave it out")
    chosen = "json" if call.json else call.text("format") or "text"
    if call.flag("statistics") and chosen not in {"text", "json"}:
        raise UsageError(f"--statistics is text or json, not {chosen}", "leave --format out, or add --json")
    if call.flag("watch") and chosen != "text":
        raise UsageError(f"--watch is for people and writes text, not {chosen}", "leave --format out")


def _refuse_partial_update(call: Call) -> None:
    if not call.text("baseline"):
        raise UsageError("--update-baseline needs to know which", "add --baseline FILE")
    for name in ("paths", "against", "changed"):
        if call.words(name) or call.text(name) or call.flag(name):
            said = "paths" if name == "paths" else _flag(name)
            raise UsageError(f"--update-baseline is about the whole project, and {said} was given", "leave it out")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
