"""What keeping costs: upgrade beside `copier update` of the same change set, upgrade --check, destroy.

Of 60 files, each rendered, 20 changed in the template and 10 of those were edited by a person; then ten times as many.
And a module in a composition root of 500 lines: what wiring costs is what it takes longer than `python -c pass`.
Prints medians and ratios, asserts nothing. Run it with `python -m tests.bench.bench_keeping [rounds]`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from tests.bench.processes import ENVIRON, PASS, PYTHON, cpu, medians, report

ARCKODE = (*PYTHON, "-m", "arckode_gen")
COPIER = (*PYTHON, "-m", "copier")
GIT = ("git", "-c", "user.name=bench", "-c", "user.email=bench@example.org")


def text(number: int, version: int) -> str:
    """Return a file of the template: some forty lines, of which the third differs between versions."""
    changed = version if number % 3 == 0 else 1
    lines = [f"def function_{number}_{line}() -> int:\n    return {line}\n" for line in range(20)]
    return f'"""File {number} of {{{{ project }}}}."""\n\nVERSION = {changed}\n\n\n' + "\n\n".join(lines)


def edit(root: Path, files: int) -> None:
    for number in range(0, files, 6):
        file = root / f"many/file_{number}.py"
        file.write_text(f"{file.read_text()}\n\nMINE = {number}\n")


def run(cwd: Path, *words: str) -> None:
    subprocess.run(words, cwd=cwd, env=ENVIRON, check=True, capture_output=True)


def stub(root: Path, files: int, version: int) -> None:
    folder = root / ".arckode/stubs/many"
    (folder / "tree").mkdir(parents=True, exist_ok=True)
    rows = "".join(f"  - {{ path: many/file_{n}.py, template: file_{n}.py.jinja }}\n" for n in range(files))
    (folder / "stub.yml").write_text(f"command: make:many\nsummary: Many files.\nversion: {version}\nfiles:\n{rows}")
    for number in range(files):
        (folder / f"tree/file_{number}.py.jinja").write_text(text(number, version))


def arckode_project(folder: Path, files: int) -> Path:
    run(folder, *ARCKODE, "new", "shop")
    root = folder / "shop"
    stub(root, files, 1)
    run(root, *ARCKODE, "make:many")
    edit(root, files)
    stub(root, files, 2)
    return root


def copier_project(folder: Path, files: int) -> Path:
    template, root = folder / "template", folder / "project"
    (template / "many").mkdir(parents=True)
    (template / "{{ _copier_conf.answers_file }}.jinja").write_text("{{ _copier_answers|to_nice_yaml }}")
    (template / "copier.yml").write_text("project: { type: str, default: shop }\n")
    for version in (1, 2):
        for number in range(files):
            (template / f"many/file_{number}.py.jinja").write_text(text(number, version))
        run(template, *GIT, "init", "-q")
        run(template, *GIT, "add", "-A")
        run(template, *GIT, "commit", "-qm", f"{version}")
        run(template, *GIT, "tag", f"v{version}.0.0")
    run(folder, *COPIER, "copy", "-q", "--defaults", "--vcs-ref", "v1.0.0", str(template), str(root))
    run(root, *GIT, "init", "-q")
    edit(root, files)
    run(root, *GIT, "add", "-A")
    run(root, *GIT, "commit", "-qm", "edited")
    return root


def wiring(folder: Path) -> Path:
    """Write a composition root of 500 lines and a script that puts one more module into it."""
    names = [f"m{number:03}" for number in range(240)]
    imports = "".join(f"from shop.modules.{name} import register_{name}\n" for name in names)
    calls = "".join(f"    register_{name}(kernel)\n" for name in names)
    head, body = "from shop.kernel.app import Kernel\n", "def compose(settings):\n    kernel = Kernel(settings)\n"
    (folder / "root.py").write_text(f'"""Wires."""\n\n{head}{imports}\n\n{body}{calls}    return kernel\n')
    (folder / "wire.py").write_text(
        "from arckode_gen.engine.edits_calls import insert_call\n"
        "from arckode_gen.engine.edits_imports import insert_import\n"
        "source = open('root.py', 'rb').read()\n"
        "source = insert_import(source, 'from shop.modules.m100a import register_m100a').text\n"
        "source = insert_call(source, 'compose', 'register_m100a(kernel)').text\n"
        "assert source.count(b'm100a') == 3, source\n"
    )
    return folder


def afresh(source: Path, command: tuple[str, ...]) -> float:
    """Run a command in a copy of a prepared project."""
    copy = source.with_name(f"{source.name}-copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(source, copy, symlinks=True)
    return cpu(command, copy)


def main(rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        small, large = Path(scratch, "small"), Path(scratch, "large")
        for folder in (small, large):
            folder.mkdir()
        ours, many, theirs = arckode_project(small, 60), arckode_project(large, 600), copier_project(small, 60)
        module = Path(scratch)
        run(module, *ARCKODE, "new", "shop")
        run(module / "shop", *ARCKODE, "make:module", "orders", "total:int", "note:text:null")
        root = wiring(Path(scratch))
        update = (*COPIER, "update", "-q", "--defaults", "--conflict", "inline")
        found = medians(
            {
                PASS[0]: partial(cpu, PASS[1], module),
                "upgrade, 60 files": partial(afresh, ours, (*ARCKODE, "upgrade")),
                "copier update, 60 files": partial(afresh, theirs, update),
                "upgrade, 600 files": partial(afresh, many, (*ARCKODE, "upgrade")),
                "upgrade --check, 600 files": partial(afresh, many, (*ARCKODE, "upgrade", "--check")),
                "wiring, 500 lines": partial(cpu, (*PYTHON, "wire.py"), root),
                "destroy:module": partial(afresh, module / "shop", (*ARCKODE, "destroy:module", "orders")),
            },
            rounds,
        )
        report(found, "upgrade, 60 files")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
