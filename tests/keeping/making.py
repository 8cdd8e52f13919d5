"""Makes a project with everything in it, in a process of its own: `python -m tests.keeping.making FOLDER UMASK`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from arckode_gen.errors import ArckodeError
from tests.commands.calls import call
from tests.keeping.makers import makers

if __name__ == "__main__":
    folder, umask = Path(sys.argv[1]), int(sys.argv[2], 8)
    os.umask(umask)
    call(folder, "new", "shop", "--no-git", "--defaults")
    for line in dict.fromkeys(line for maker in makers() for line in (*maker.before, maker.words)):
        try:
            call(folder / "shop", *line)
        except ArckodeError as error:  # two examples may make the same thing in other words
            print(error.exit_code, error.message)
