"""What a visitor of a generated front end loads: the first bytes, the styles, a page, and one module more.

Run it with `python -m tests.bench.bench_bundle`. A project with accounts and two modules is built, and built once more
with a third. Prints bytes in gzip, asserts nothing.
"""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.bench.front_modules import add_pages
from tests.frontend.tools import node_modules
from tests.generated import arckode, must, new_project

_MORE = (
    "suppliers",
    "name:str:max=120:unique",
    "email:email",
    "rating:int:min=1:max=5",
    "since:date:null",
    "note:text:null",
)


class Sizes(NamedTuple):
    """Bytes in gzip: scripts that every page needs, styles, the largest page, and everything together."""

    entry: int
    styles: int
    page: int
    largest: str
    whole: int


def built(root: Path) -> Sizes:
    """Build the front end and weigh what came of it."""
    made = json.loads(must(arckode(root, "build", "--json")).stdout)
    folder = root / made["folder"]
    sizes = {each["path"]: len(gzip.compress((folder / each["path"]).read_bytes())) for each in made["files"]}
    first = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', (folder / "index.html").read_text("utf-8"))
    pages = {path: size for path, size in sizes.items() if "Page-" in path}
    largest = max(pages, key=lambda path: pages[path])
    return Sizes(
        entry=sum(sizes[path] for path in first),
        styles=sum(size for path, size in sizes.items() if path.endswith(".css")),
        page=pages[largest],
        largest=Path(largest).name.partition("-")[0],
        whole=sum(sizes.values()),
    )


def main() -> None:
    """Build a project before and after one more module."""
    with tempfile.TemporaryDirectory() as name:
        root = new_project(Path(name))
        must(arckode(root, "make:auth"))
        add_pages(root)
        (root / "frontend/node_modules").symlink_to(node_modules())
        before = built(root)
        must(arckode(root, "make:module", *_MORE, "--fullstack"))
        after = built(root)
        print(f"entry, JavaScript             {before.entry:>7} B, with one module more {after.entry} B")
        print(f"styles                        {before.styles:>7} B, with one module more {after.styles} B")
        print(f"largest page                  {after.page:>7} B ({after.largest})")
        print(f"one module more, everything   {after.whole - before.whole:>7} B")


if __name__ == "__main__":
    main()
