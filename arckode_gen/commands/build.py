"""`arckode build`: what production serves of the front end, checked and bundled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arckode_gen.engine.project import find_root
from arckode_gen.engine.spec import CommandSpec
from arckode_gen.shell import frontend

if TYPE_CHECKING:
    from arckode_gen.engine.spec import Call

SPEC = CommandSpec(
    "build",
    "Check the front end's types and write its bundle for production.",
    examples=("arckode build",),
    details=(
        "The bundle goes to frontend/dist, which the API serves at its own address; frontend/Dockerfile does the same "
        "in an image: `docker build -f frontend/Dockerfile .`. `--json` prints "
        '{"version", "folder", "files": [{"path", "bytes"}]}.'
    ),
)


def run(call: Call) -> int:
    """Build, and tell what was written.

    Raises:
        OperationError: there is no front end, its packages are not installed, or it has an error.
    """
    root = find_root(call.cwd)
    said = frontend.build(root, call.environ)
    if not call.json:
        call.write(said)
        call.say(f"written to {frontend.BUNDLE}; the API serves it: arckode dev --api-only")
        return 0
    folder = root / frontend.BUNDLE
    files = [
        {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    call.write(json.dumps({"version": 1, "folder": frontend.BUNDLE, "files": files}, indent=2))
    return 0
