"""`arckode new`: a project that runs at once, from the copier skeleton and the kernel."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from arckode_gen import __version__, resources
from arckode_gen.commands._answers import words_of
from arckode_gen.commands._writing import show
from arckode_gen.engine import agents, parts, project, project_names, project_unit, skeleton, units
from arckode_gen.engine.plan import Change, FileState, Plan, Step
from arckode_gen.engine.spec import CommandSpec, Param
from arckode_gen.errors import RefusedError
from arckode_gen.shell.apply import apply, recover
from arckode_gen.shell.merge_driver import teach

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.project_names import ProjectName
    from arckode_gen.engine.spec import Call, Value

DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")
PARTS = ("core", "memory", "testing")

SPEC = CommandSpec(
    "new",
    "Make a project: FastAPI and SQLAlchemy, wired in one place, running at once on SQLite.",
    examples=(
        "arckode new shop",
        "arckode new shop --database postgresql",
        "arckode new my-shop --package shop --dry-run",
        "arckode new tienda --lang es",
    ),
    params=(
        Param("name", kind="argument", required=True, help="The project's name; also the folder's."),
        Param("package", help="The Python package's name, when it shall differ from the project's.", metavar="NAME"),
        Param("database", default="sqlite", choices=DATABASES, help="Where DATABASE_URL points.", prompt="Database"),
        Param(
            "lang",
            default=agents.DEFAULT,
            choices=agents.LANGUAGES,
            help="The language of AGENTS.md and of the skills for coding agents.",
            prompt="Language of AGENTS.md and the skills",
        ),
        Param("no_git", type="bool", help="Do not run `git init`."),
        Param("defaults", type="bool", help="Ask nothing; take the default of every question."),
        Param("answers", type="path", metavar="FILE|-", help="Read answers as JSON from a file or stdin."),
    ),
    writes=True,
    details="Nothing is installed and nothing reaches the network.",
)


def run(call: Call) -> int:
    """Write the project's folder, or show what would be written."""
    if call.text("answers"):
        call = replace(call, values={**call.values, **cast("Mapping[str, Value]", words_of(call))})
    name = project_names.parse(call.text("name"), call.text("package"))
    root = call.cwd / name.name
    if root.is_dir():
        recover(root)
    _refuse_existing(root)
    around = next((each for each in (call.cwd, *call.cwd.parents) if (each / project.PROJECT_FILE).is_file()), None)
    if around is not None:
        call.say(f"note: {name.name} becomes a project of its own inside the project in {around}")
    plan = _plan(name, {"database": call.text("database"), "lang": call.text("lang")})
    if call.flag("dry_run"):
        return show(call, plan, applied="")
    apply(root, plan)
    if not call.flag("no_git"):
        _init_git(call, root)
    return show(call, plan, applied="")


def _refuse_existing(root: Path) -> None:
    if root.is_symlink() or root.is_file() or (root.is_dir() and any(root.iterdir())):
        raise RefusedError(f"{root.name} exists already and is not an empty folder", "choose another name, or move it")


def _plan(name: ProjectName, options: Mapping[str, str]) -> Plan:
    files = _files(name, options)
    manifest = {
        "arckode": __version__,
        "format": 1,
        "name": name.name,
        "options": options,
        "package": name.package,
    }
    unit = project_unit.unit(name.package, options, PARTS, files, resources.folder("templates"))
    bases = {units.BASE + path: state for path, state in files.items()}
    record = {project.PROJECT_FILE: _json(manifest), unit.path: units.dump(unit)}
    env = {".env": files[".env.example"]} if options["database"] != "sqlite" else {}
    everything = {**files, **bases, **record, **env}
    steps = [Step("go there", f"cd {name.name}")]
    steps += [
        Step(
            "install",
            "python -m venv .venv && . .venv/bin/activate && pip install -U pip && pip install -e . --group dev",
        )
    ]
    steps += [Step("serve it", "arckode dev")]
    return Plan(
        f"new {name.name}",
        tuple(Change(path, None, state, "skeleton") for path, state in sorted(everything.items())),
        tuple(steps),
    )


def _files(name: ProjectName, options: Mapping[str, str]) -> Mapping[str, FileState]:
    templates, database = resources.folder("templates"), options["database"]
    answers = {"name": name.name, "package": name.package, "database": database, "arckode_version": __version__}
    with tempfile.TemporaryDirectory(prefix="arckode-") as scratch:
        files = skeleton.render(templates / "backend", answers, Path(scratch))
    kernel = parts.carried(templates / "kernel", PARTS, f"src/{name.package}/kernel/").files
    return {**files, **kernel, **agents.files(templates, options["lang"], name.package)}


def _json(document: Mapping[str, object]) -> FileState:
    return FileState((json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode())


def _init_git(call: Call, root: Path) -> None:
    """Put the project under version control unless a repository above it already is in charge."""
    if shutil.which("git") is None:
        call.say("git is not installed: the project is not under version control yet")
        return
    # A hook that runs arckode points these at its own repository.
    environ = {key: value for key, value in call.environ.items() if not key.startswith("GIT_")}
    if _git(root, environ, "rev-parse", "--is-inside-work-tree").returncode == 0:
        teach(root, environ)
        return
    made = _git(root, environ, "-c", "init.defaultBranch=main", "init", "--quiet")
    teach(root, environ)
    if made.returncode != 0:
        call.say(f"git init failed, and the project is complete without it: {made.stderr.strip()}")


def _git(root: Path, environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=root, env=environ, capture_output=True, text=True, check=False)
