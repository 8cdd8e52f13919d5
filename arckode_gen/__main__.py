"""The console script: answers what needs no parser at once and leaves the rest to the command line proper."""

from __future__ import annotations

import os
import sys

from arckode_gen import __version__


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words in (["--version"], ["-V"]):
        print(f"arckode {__version__}")
        return 0
    try:
        from arckode_gen import cli  # `--version` must not pay for it

        return cli.complete(words) if "_ARCKODE_COMPLETE" in os.environ else cli.run(words)
    except KeyboardInterrupt:  # before the command line could take care of it
        return 130


if __name__ == "__main__":
    sys.exit(main())
