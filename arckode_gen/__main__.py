"""The console script: answers what needs no parser at once and leaves the rest to the command line proper."""

from __future__ import annotations

import gc
import os
import sys

from arckode_gen import __version__


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words in (["--version"], ["-V"]):
        print(f"arckode {__version__}")
        return 0
    gc.disable()  # nothing that an import makes is garbage; the command line proper collects again
    try:
        if words[:1] == ["analyze"]:
            code = _answered(words)
            if code is not None:
                return code
        if words == ["db:migrate"] and _is_idle(words):
            return 0
        from arckode_gen import cli  # `--version` must not pay for it

        code = cli.complete(words) if "_ARCKODE_COMPLETE" in os.environ else cli.run(words)
        return _left(code) if argv is None and words[:1] == ["hook"] else code
    except KeyboardInterrupt:  # before the command line could take care of it
        return 130
    finally:
        gc.enable()


def _left(code: int) -> int:
    """End the process without taking apart what it has in memory: an agent waits, and nothing is left open."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):  # what cannot be written is told as for every command
        return code
    os._exit(code)


def _is_idle(words: list[str]) -> bool:
    """Say that there is nothing to migrate, when that is so."""
    from arckode_gen.migrations import idle  # only this command asks

    try:
        said = idle.answer(words, os.environ, os.getcwd())  # noqa: PTH109  # `pathlib` costs more than the answer
    except OSError:  # the command line proper says what is wrong
        return False
    if said is None:
        return False
    if said[1]:
        print(said[1], file=sys.stderr)
    print(said[0], flush=True)
    return True


def _answered(words: list[str]) -> int | None:
    """Say what `analyze` said last time, when nothing has changed since."""
    from arckode_analyzers import answers  # only this command asks

    try:
        cwd = os.getcwd()  # noqa: PTH109  # `pathlib` costs more than the answer
        said = answers.answer(answers.question(words, cwd), cwd)
        if said is None:
            return None
        code, output, complaints = said
        if not isinstance(output, str):
            if not _copied(output):
                return None
        else:
            print(output, flush=True)
    except (OSError, ValueError):  # the command line proper says what is wrong
        return None
    if complaints:
        print(complaints, file=sys.stderr)
    return code


def _copied(place: tuple[str, int, int, int, int]) -> bool:
    """Write a long output without decoding it, where the stream takes UTF-8 as it is."""
    from arckode_analyzers import long_outputs  # only a long one asks

    pieces = long_outputs.content(place)
    if pieces is None:
        return False
    stream = getattr(sys.stdout, "buffer", None)
    is_plain = os.linesep == "\n" and sys.stdout.encoding.replace("-", "").lower() == "utf8"
    if stream is None or not is_plain:
        print(b"".join(pieces).decode("utf-8", "surrogateescape"), flush=True)
        return True
    sys.stdout.flush()
    for piece in pieces:
        stream.write(piece)
    stream.write(b"\n")
    stream.flush()
    return True


if __name__ == "__main__":
    sys.exit(main())
