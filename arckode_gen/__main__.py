"""The console script: answers what needs no parser at once and leaves the rest to the command line proper."""

from __future__ import annotations

import os
import sys

from arckode_gen import __version__


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words == ["--version"]:
        print(f"arckode {__version__}")
        return 0
    from arckode_gen import cli  # `--version` must not pay for it

    if "_ARCKODE_COMPLETE" in os.environ:
        return cli.complete(words)
    return cli.run(words)


if __name__ == "__main__":
    sys.exit(main())
