"""`arckode new`: a whole project or nothing, the same bytes everywhere, and nothing but files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
import yaml

from arckode_gen import commands, resources
from arckode_gen.commands.new import DATABASES
from arckode_gen.engine import yaml_text
from arckode_gen.errors import UsageError
from tests.commands.calls import ENVIRON, PROGRAM, arckode, call
from tests.generated import must, tool
from tests.shell.trees import tree

if TYPE_CHECKING:
    from collections.abc import Mapping

KERNEL = resources.folder("templates") / "kernel/kernel"


@pytest.fixture(scope="module", params=DATABASES)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A project for each database, under version control; tests only read it."""
    database = str(request.param)
    folder = tmp_path_factory.mktemp(database)
    arckode(folder, "new", "my-shop", "--database", database)
    return database, folder / "my-shop"


def files(root: Path) -> dict[str, bytes]:
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and ".git/" not in path.as_posix())
    found = (path for path in found if not path.match(".arckode/lock"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout


def test_what_is_generated_is_clean(made: tuple[str, Path]) -> None:
    must(tool(made[1], "ruff", "check", "--no-cache"))
    must(tool(made[1], "ruff", "format", "--check", "--no-cache"))


@pytest.mark.generates
def test_it_is_typed_and_its_tests_pass(tmp_path: Path) -> None:
    arckode(tmp_path, "new", "my-shop", "--no-git", "--database", "postgresql")
    must(tool(tmp_path / "my-shop", "mypy"))
    must(tool(tmp_path / "my-shop", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"))


def test_its_configuration_can_be_read(made: tuple[str, Path]) -> None:
    database, root = made
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    driver = {"sqlite": "aiosqlite", "postgresql": "asyncpg", "mysql": "aiomysql", "mariadb": "aiomysql"}[database]
    assert any(line.startswith(driver) for line in project["dependencies"])
    services = cast("Mapping[str, Mapping[str, object]]", yaml_text.parse((root / "compose.yaml").read_text()))
    assert ("database" in services["services"]) == (database != "sqlite")
    assert f"DATABASE_URL={database}://" in (root / ".env.example").read_text()
    manifest = json.loads((root / ".arckode/project.json").read_text())
    assert (manifest["name"], manifest["package"], manifest["options"]) == (
        "my-shop",
        "my_shop",
        {"database": database, "lang": "en"},
    )


def test_every_command_that_a_file_names_exists(made: tuple[str, Path]) -> None:
    root = made[1]
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    steps = yaml.safe_load((root / ".github/workflows/ci.yml").read_text())["jobs"]["check"]["steps"]
    said = [hook["entry"] for hook in hooks] + [step.get("run", "") for step in steps]
    said += [word.split("`")[0] for name in ("README.md", "AGENTS.md") for word in (root / name).read_text().split("`")]
    said += [line for line in (root / "README.md").read_text().splitlines() if line.startswith("arckode ")]
    ours = {line.split()[1] for line in said if line.startswith("arckode ")}
    assert {"analyze", "db:migrate"} < ours
    assert ours <= set(commands.names(root))


def test_a_server_has_its_address_in_a_file_that_is_never_committed(made: tuple[str, Path]) -> None:
    database, root = made
    assert (root / ".env").exists() == (database != "sqlite")
    assert not (root / ".arckode/base/.env").exists()


def test_git_takes_everything_but_secrets(made: tuple[str, Path]) -> None:
    root = made[1]
    git(root, "add", "-A")
    tracked = set(git(root, "ls-files").splitlines())
    assert set(files(root)) - tracked <= {".env"}
    assert git(root, "symbolic-ref", "HEAD") == "refs/heads/main\n"
    ignored = [line for line in git(root, "status", "--short", "--ignored").splitlines() if line.startswith("!!")]
    assert set(ignored) <= {"!! .env", "!! .arckode/lock"}


def test_the_kernel_is_byte_for_byte_ours(made: tuple[str, Path]) -> None:
    copied = {path: content for path, content in files(made[1]).items() if path.startswith("src/my_shop/kernel/")}
    assert copied
    for path, content in copied.items():
        assert content == (KERNEL / path.removeprefix("src/my_shop/kernel/")).read_bytes(), path


def test_every_generated_file_has_its_base(made: tuple[str, Path]) -> None:
    found = files(made[1])
    generated = json.loads(found[".arckode/units/project.my_shop.json"])["files"]
    assert {path for path in found if not path.startswith(".arckode/")} - {".env"} == set(generated)
    assert {path: found[path] for path in generated} == {path: found[f".arckode/base/{path}"] for path in generated}


def test_the_same_bytes_in_every_place(tmp_path: Path, made: tuple[str, Path]) -> None:
    database, root = made
    script = 'umask 077; exec "$@"'
    elsewhere = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "HOME": str(tmp_path)}
    subprocess.run(
        ["sh", "-c", script, "sh", *PROGRAM, "new", "my-shop", "--no-git", "--database", database],
        cwd=tmp_path, env={**ENVIRON, **elsewhere}, check=True, capture_output=True,
    )  # fmt: skip
    assert files(tmp_path / "my-shop") == files(root)
    assert str(tmp_path).encode() not in b"".join(files(tmp_path / "my-shop").values())


def test_without_any_network(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "def forbid(event, args):\n"
        "    if event.startswith('socket.'): raise RuntimeError(event)\n"
        "    if event == 'subprocess.Popen' and args[1][0] not in ('git', 'uname'): raise RuntimeError(args[1])\n"
        "sys.addaudithook(forbid)\n"
    )
    arckode(tmp_path, "new", "shop", environ={**ENVIRON, "PYTHONPATH": str(tmp_path)})
    assert (tmp_path / "shop/.git").is_dir()


def test_answers_come_from_a_file_or_standard_input(tmp_path: Path) -> None:
    (tmp_path / "asked.json").write_text('{"name": "store", "database": "postgresql", "no_git": true}')
    call(tmp_path, "new", "--answers", "asked.json")
    options = json.loads((tmp_path / "store/.arckode/project.json").read_text())["options"]
    assert options == {"database": "postgresql", "lang": "en"}
    assert not (tmp_path / "store/.git").exists()
    with pytest.raises(UsageError, match="'database' is 'oracle'"):
        call(tmp_path, "new", "other", "--answers", answers(tmp_path, {"database": "oracle"}))
    with pytest.raises(UsageError, match="has no parameter 'datbase'"):
        call(tmp_path, "new", "other", "--answers", answers(tmp_path, {"datbase": "sqlite"}))
    with pytest.raises(UsageError, match="'name' is missing"):
        call(tmp_path, "new", "--answers", answers(tmp_path, {}))


def answers(folder: Path, given: dict[str, object]) -> str:
    (folder / "answers.json").write_text(json.dumps(given))
    return "answers.json"


def test_inside_a_repository_no_second_one_is_made(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    arckode(tmp_path, "new", "shop")
    assert not (tmp_path / "shop/.git").exists()


def test_a_hooks_environment_does_not_lead_git_astray(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "elsewhere")
    arckode(tmp_path, "new", "shop", environ={**ENVIRON, "GIT_DIR": str(tmp_path / "elsewhere/.git")})
    assert (tmp_path / "shop/.git").is_dir()


def test_without_git_the_project_is_there_all_the_same(tmp_path: Path) -> None:
    heard = arckode(tmp_path, "new", "shop", environ={**ENVIRON, "PATH": "/nowhere"})
    assert "git is not installed" in heard.said
    assert (tmp_path / "shop/src/shop/main.py").is_file()


def test_a_git_that_fails_is_said_and_costs_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "bin/git"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho no room >&2\nexit 1\n")
    broken.chmod(0o755)
    heard = arckode(tmp_path, "new", "shop", environ={**ENVIRON, "PATH": f"{broken.parent}:{ENVIRON['PATH']}"})
    assert "git init failed, and the project is complete without it: no room" in heard.said


def test_a_dry_run_makes_nothing_and_says_everything(tmp_path: Path) -> None:
    shown = arckode(tmp_path, "new", "shop", "--dry-run")
    diff = arckode(tmp_path, "new", "shop", "--dry-run", "--diff").out
    document = json.loads(arckode(tmp_path, "new", "shop", "--dry-run", "--json").out)
    assert list(tmp_path.iterdir()) == []
    assert "create  src/shop/main.py" in shown.out
    assert "nothing was written" in shown.said
    assert diff.count("new file mode") == len(document["changes"])
    assert document["dry_run"] is True
    real = json.loads(arckode(tmp_path, "new", "shop", "--json", "--no-git").out)
    assert real == {**document, "dry_run": False}


def test_the_diff_of_a_dry_run_makes_the_same_files(tmp_path: Path) -> None:
    diff = arckode(tmp_path, "new", "shop", "--dry-run", "--diff").out
    (tmp_path / "applied").mkdir()
    subprocess.run(["git", "apply", "-"], cwd=tmp_path / "applied", input=diff, text=True, check=True)
    arckode(tmp_path, "new", "shop", "--no-git")
    assert files(tmp_path / "applied") == files(tmp_path / "shop")


REFUSED = [
    pytest.param(["1shop"], 2, "did you mean 'shop'?", id="a digit first"),
    pytest.param(["my shop"], 2, "did you mean 'my-shop'?", id="a blank"),
    pytest.param(["tienda-año"], 2, "cannot be a project's name", id="a letter that is not ASCII"),
    pytest.param(["shop-"], 2, "did you mean 'shop'?", id="a sign at the end"),
    pytest.param([""], 2, "as in `arckode new my-shop`", id="nothing"),
    pytest.param(["apps/shop"], 2, "`cd apps` first, then `arckode new shop`", id="a path"),
    pytest.param(["/srv/shop"], 2, "`cd /srv` first", id="an absolute path"),
    pytest.param([".."], 2, "cannot be a project's name", id="the folder above"),
    pytest.param(["class"], 2, "--package class_app", id="a keyword"),
    pytest.param(["json"], 2, "would hide Python's own", id="a module of Python's"),
    pytest.param(["fastapi"], 2, "or a dependency's", id="a dependency"),
    pytest.param(["pytest", "--package", "shop"], 2, "could not be installed beside", id="its name alone"),
    pytest.param(["shop", "--package", "my-shop"], 2, "cannot be a Python package", id="a package with a hyphen"),
    pytest.param(["shop", "--package", "Shop"], 2, "lower-case", id="a package with a capital"),
    pytest.param(["shop", "--package", "tests"], 2, "would hide", id="the package of the tests"),
    pytest.param(["off"], 2, "YAML", id="what YAML reads as false"),
    pytest.param(["s" * 41], 2, "40 are the most", id="a package that is too long"),
    pytest.param(["s" * 65, "--package", "shop"], 2, "64 are the most", id="a name that is too long"),
    pytest.param(["shop", "--database", "oracle"], 2, "'oracle' is not one of", id="a database we do not know"),
    pytest.param(["taken"], 3, "taken exists already", id="a folder that holds something"),
    pytest.param(["taken", "--dry-run"], 3, "taken exists already", id="even when only shown"),
    pytest.param(["file"], 3, "file exists already", id="a file"),
    pytest.param(["link"], 3, "link exists already", id="a link that leads nowhere"),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_what_cannot_be_is_refused(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    assert said in arckode(tmp_path, "new", *words, code=code).said
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    arckode(tmp_path, "new", "shop", "--no-git")
    assert (tmp_path / "shop/src/shop/main.py").is_file()


def test_a_project_inside_another_one_is_remarked_upon(tmp_path: Path) -> None:
    arckode(tmp_path, "new", "shop", "--no-git")
    heard = arckode(tmp_path / "shop/src", "new", "inner", "--no-git", "--dry-run")
    assert f"inner becomes a project of its own inside the project in {tmp_path / 'shop'}" in heard.said


def test_a_place_where_nothing_can_be_made_is_said() -> None:
    assert "cannot make /proc/shop" in arckode(Path("/proc"), "new", "shop", code=5).said


def test_an_interruption_leaves_nothing_or_everything(tmp_path: Path) -> None:
    arckode(tmp_path, "new", "whole", "--no-git")
    for delay in (0.3, 0.6, 0.8, 1.0):
        with subprocess.Popen([*PROGRAM, "new", "shop", "--no-git"], cwd=tmp_path, env=ENVIRON, stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE) as process:  # fmt: skip
            time.sleep(delay)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
        assert process.returncode in {0, 130, -signal.SIGINT}, said.decode()
        assert b"Traceback" not in said
        left = {path.name for path in tmp_path.iterdir()} - {"whole"}
        assert left in (set(), {"shop"})
        if left:
            assert len(tree(tmp_path / "shop")) == len(tree(tmp_path / "whole"))
            break


def test_an_interruption_in_a_finalizer_is_delivered_after_it() -> None:
    """Python prints and drops what is raised there, so that Ctrl-C would be lost and its traceback shown."""
    program = """if True:
        import os, signal, time
        from arckode_gen.interruption import noticed
        class Closing:
            def __del__(self):
                os.kill(os.getpid(), signal.SIGINT)
        with noticed() as was:
            try:
                Closing()
                time.sleep(600)  # where it is woken
            except KeyboardInterrupt:
                print("interrupted", was())
    """
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (ran.stdout, ran.stderr) == ("interrupted True\n", "")


def test_byte_compiled_templates_are_not_copied(tmp_path: Path) -> None:
    """Pip compiles what a wheel ships; those files are nobody's source."""
    from arckode_gen.engine import skeleton

    backend = tmp_path / "backend"
    subprocess.run(["cp", "-r", resources.folder("templates") / "backend", backend], check=True)
    subprocess.run([sys.executable, "-m", "compileall", "-q", backend], check=True, env={**ENVIRON})
    assert list(backend.rglob("*.pyc"))
    (tmp_path / "scratch").mkdir()
    answers = {"name": "shop", "package": "shop", "database": "sqlite", "arckode_version": "0"}
    rendered = skeleton.render(backend, answers, tmp_path / "scratch")
    assert rendered
    assert not [path for path in rendered if "__pycache__" in path or path.endswith(".pyc")]
