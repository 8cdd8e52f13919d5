"""The screenshots of the documentation, taken anew in Chromium: `python -m tests.docs.screenshots`.

What they show is a front end as it is generated, served by its own application. Chromium itself packs them as WebP.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from tests.client.test_live import served
from tests.commands.calls import arckode, call
from tests.docs.blocks import ROOT
from tests.frontend.tools import chromium, node_modules

FOLDER = ROOT / "docs/pictures"
NAMES = ("list", "form", "phone")
SCRIPT = Path(__file__).with_name("screenshots.mjs")
_MODULES = (
    ("customers", "name:str:max=120", "email:email:unique"),
    ("orders", "number:str:max=20:unique", "customer:belongs_to=customers", "total:decimal=12.2:min=0",
     "status:enum=draft/paid/sent:default=draft"),
)  # fmt: skip


def shop(folder: Path) -> Path:
    """Make and build the shop that is shown."""
    call(folder, "new", "shop", "--no-git")
    root = folder / "shop"
    for words in _MODULES:
        call(root, "make:module", *words)
        call(root, "make:frontend", words[0])
    (root / "frontend/node_modules").symlink_to(node_modules())
    arckode(root, "build")
    call(root, "db:migrate")
    return root


def take(root: Path, folder: Path) -> None:
    """Take every screenshot of a shop into a folder.

    Raises:
        CalledProcessError: the browser did not see what it was to show.
    """
    with served(root, "shop.main:app", root / "src") as address:
        subprocess.run(["node", str(SCRIPT), address, str(node_modules()), chromium(), str(folder)], check=True)


def main() -> None:
    """Write them all."""
    with tempfile.TemporaryDirectory() as folder:
        take(shop(Path(folder)), FOLDER)


if __name__ == "__main__":
    main()
