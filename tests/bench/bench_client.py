"""What `generate:api-client` costs and writes, beside openapi-typescript and hey-api on the same documents.

Run it with `python -m tests.bench.bench_client [rounds] [name ...]`. Every program runs as its users run it, start-up
included; openapi-typescript writes types only. Prints medians, sizes and ratios; for what is ours, also the errors that
each TypeScript finds in it under strict settings with `skipLibCheck` off, its lines with `any`, and how many bytes of
gzip an application ships. Asserts nothing.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.api_documents import ROOT, documents
from tests.bench.processes import ENVIRON, PYTHON, cpu, medians
from tests.client.tools import VERSIONS, bundle, compile_errors, lines_with_any
from tests.generated import arckode, must, new_project

if TYPE_CHECKING:
    from collections.abc import Mapping

_PEERS = {"openapi-typescript": "^7", "@hey-api/openapi-ts": "*", "typescript": "~5.9"}
_OURS = "arckode"


def peers() -> Path:
    """Install what we are measured against, once."""
    folder = ROOT / ".cache" / "client-peers"
    if not (folder / "node_modules" / ".bin" / "openapi-ts").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": _PEERS}), "utf-8")
        command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "node_modules" / ".bin"


def commands(document: Path, programs: Path) -> dict[str, tuple[str, ...]]:
    """Return how each program is run; all of them write to `out` in the current folder."""
    return {
        _OURS: (*PYTHON, "-m", "arckode_gen", "generate:api-client", "--from", str(document), "--out", "out"),
        "openapi-typescript": (str(programs / "openapi-typescript"), str(document), "-o", "out/types.ts"),
        "hey-api": (str(programs / "openapi-ts"), "-i", str(document), "-o", "out"),
    }


def _afresh(command: tuple[str, ...], folder: Path) -> float:
    shutil.rmtree(folder / "out", ignore_errors=True)
    return cpu(command, folder)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "out").rglob("*.ts"))


def measure(document: Path, programs: Path, rounds: int, name: Path) -> tuple[Mapping[str, float], Mapping[str, int]]:
    """Return the milliseconds of CPU and the bytes of TypeScript of each program, which writes into a folder."""
    folders = {each: name / each for each in commands(document, programs)}
    for folder in folders.values():
        folder.mkdir(parents=True)
    runs = {each: partial(_afresh, words, folders[each]) for each, words in commands(document, programs).items()}
    times = medians(runs, rounds)
    return times, {each: _size(folder) for each, folder in folders.items()}


def judged(client: Path) -> str:
    """Say how many errors and lines with `any` a client has."""
    errors = ", ".join(f"{version}: {len(compile_errors(client, version))}" for version in VERSIONS)
    return f"errors of TypeScript {errors}; lines with any: {len(lines_with_any(client))}"


def shipped(client: Path) -> str:
    """Say how large the runtime is, and each operation with all that it needs, minified and in gzip."""

    def size(source: str) -> int:
        return len(gzip.compress(bundle(source, client, "--minify").read_bytes(), 9, mtime=0))

    names = re.findall(r"export function (\w+)\(", (client / "orders.ts").read_text("utf-8"))
    sizes = {name: size(f'export {{ {name} }} from "./index";') for name in names}
    most = max(sizes, key=lambda name: sizes[name])
    runtime = size('export * from "./runtime";')
    return f"shipped in gzip: runtime {runtime} B; largest operation of {len(sizes)} {sizes[most]} B ({most})"


def own_document(folder: Path) -> Path:
    """Write the document of a project of ours with three modules."""
    root = new_project(folder)
    for words in (
        ("customers", "name", "email:email"),
        ("orders", "total:decimal=12.2", "status:enum=a/b"),
        ("tags", "label"),
    ):
        must(arckode(root, "make:module", *words))
    code = "import sys, json; sys.path.insert(0, 'src'); from shop.main import app; print(json.dumps(app.openapi()))"
    done = subprocess.run([*PYTHON, "-c", code], cwd=root, env=ENVIRON, check=True, capture_output=True, text=True)
    (folder / "own.json").write_text(done.stdout, "utf-8")
    return folder / "own.json"


def main(rounds: int, wanted: tuple[str, ...]) -> None:
    """Measure every document with every program, in turns."""
    programs = peers()
    with tempfile.TemporaryDirectory() as name:
        found = {"own": own_document(Path(name)), **documents()}
        print(f"{'document':<10} {'program':<20} {'ms CPU':>8} {'times ours':>10} {'kB':>8} {'times ours':>10}")
        for title, document in found.items():
            if wanted and title not in wanted:
                continue
            times, sizes = measure(document, programs, rounds, Path(name, title))
            for each, taken in times.items():
                size = sizes[each]
                ratios = f"{taken / times[_OURS]:>10.1f} {size / 1000:>8.0f} {size / sizes[_OURS]:>10.2f}"
                print(f"{title:<10} {each:<20} {taken:>8.0f} {ratios}{'' if size else '   wrote nothing'}")
            client = Path(name, title, _OURS, "out")
            print(f"{'':<10} {judged(client)}")
            if title == "own":
                print(f"{'':<10} {shipped(client)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, tuple(sys.argv[2:]))
