"""The programs of the JavaScript world that tests judge a client with, installed once into `.cache/client-tools`."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "client-tools"
VERSIONS = ("5.9", "6.0", "7.0")
_PACKAGES = {
    "@asyncapi/specs": "^6.11",
    "esbuild": "^0.28",
    "prettier": "^3.10",
    "msw": "^2.11",
    "zod": "^4.3",
    **{f"typescript{version}": f"npm:typescript@~{version}" for version in VERSIONS},
}
# Stricter than `--strict`: what a careful project may have switched on must not stop a client from compiling.
_COMPILER = {
    "strict": True,
    "noEmit": True,
    "skipLibCheck": False,
    "target": "ES2022",
    "lib": ["ES2022", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
    "module": "ESNext",
    "moduleResolution": "bundler",
    "types": [],
    "noUncheckedIndexedAccess": True,
    "exactOptionalPropertyTypes": True,
    "noPropertyAccessFromIndexSignature": True,
    "verbatimModuleSyntax": True,
    "isolatedModules": True,
    "erasableSyntaxOnly": True,
    "noImplicitOverride": True,
    "noUnusedLocals": True,
    "noImplicitReturns": True,
    "noFallthroughCasesInSwitch": True,
}


_NO_CODE = re.compile(r"/\*.*?\*/|//[^\n]*|\"[^\"\n]*\"|'[^'\n]*'", re.DOTALL)
_ANY = re.compile(r"(?::|<|\bas|\||&) any\b|\bany\[\]|<any>")


@cache
def node_tools() -> Path:
    """Answer the folder with the programs, or skip the test (fail it when ARCKODE_REQUIRE_SERVICES=1)."""
    problem = _install()
    if not problem:
        return CACHE / "node_modules"
    if os.environ.get("ARCKODE_REQUIRE_SERVICES") == "1":
        pytest.fail(problem, pytrace=False)
    pytest.skip(problem)


def _install() -> str:
    """Install what is missing; answer what is in the way, if anything is."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        return f"{' and '.join(missing)} not found: install Node 20 or newer"
    wanted = json.dumps({"private": True, "dependencies": _PACKAGES}, indent=2)
    done = CACHE / "installed.json"
    if done.is_file() and done.read_text("utf-8") == wanted:
        return ""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        # One worker installs and the others wait: a second copy would take the programs from under a run.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return "" if done.is_file() and done.read_text("utf-8") == wanted else _download(wanted, done)


def _download(wanted: str, done: Path) -> str:
    """Install the programs beside the old ones, and change them over when they are whole."""
    building = CACHE / "new"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    (building / "package.json").write_text(wanted, "utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    ran = subprocess.run(command, cwd=building, capture_output=True, text=True, check=False)
    if ran.returncode:
        shutil.rmtree(building, ignore_errors=True)
        return f"npm cannot install {', '.join(_PACKAGES)}: {ran.stderr.strip()[-400:]}"
    shutil.rmtree(CACHE / "node_modules", ignore_errors=True)
    (building / "node_modules").rename(CACHE / "node_modules")
    shutil.rmtree(building, ignore_errors=True)
    done.write_text(wanted, "utf-8")
    return ""


def compile_errors(folder: Path, version: str) -> list[str]:
    """Type-check every TypeScript file below a folder and return what the compiler says."""
    tsc = node_tools() / f"typescript{version}" / "bin" / "tsc"
    settings = {"compilerOptions": _COMPILER, "include": ["**/*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(settings), "utf-8")
    ran = subprocess.run(
        ["node", str(tsc), "-p", "tsconfig.json", "--pretty", "false"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = [line for line in ran.stdout.splitlines() if line.strip()]
    assert bool(ran.returncode) == bool(said), ran.stdout + ran.stderr
    return said


def lines_with_any(folder: Path) -> list[str]:
    """Return the lines of the TypeScript files in a folder that have the type `any`, comments and texts left out."""
    found: list[str] = []
    for file in sorted(set(folder.glob("*.ts")) - {folder / "entry.ts"}):  # which is written by `bundle`
        code = _NO_CODE.sub("", file.read_text("utf-8"))
        found += [f"{file.name}: {line.strip()}" for line in code.splitlines() if _ANY.search(line)]
    return found


def unformatted(files: Iterable[Path]) -> list[str]:
    """Return the files that prettier would change."""
    program = node_tools() / "prettier" / "bin" / "prettier.cjs"
    command = ["node", str(program), "--list-different", "--no-config", *map(str, files)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout.splitlines()


def bundle(source: str, folder: Path, *flags: str) -> Path:
    """Bundle a TypeScript text that stands in a folder, and return the file of JavaScript."""
    entry, made = folder / "entry.ts", folder / "bundle.mjs"
    entry.write_text(source, "utf-8")
    program = node_tools() / "esbuild" / "bin" / "esbuild"
    words = ["--bundle", "--format=esm", "--target=es2022", "--log-level=error", f"--outfile={made}", *flags]
    ran = subprocess.run([str(program), str(entry), *words], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return made
