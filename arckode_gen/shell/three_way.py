"""The merge that generators and upgrades use: git's, in the style and with the line ends of the user's file."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from arckode_gen.shell.merge import Merged, merge, merge_root

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 30
_ROOT = "/composition_root.py"


def _unix(text: bytes) -> bytes:
    return text.replace(b"\r\n", b"\n")


def _settled(merged: Merged) -> Merged:
    if not merged.conflicts:
        return merged
    from arckode_gen.engine.settling import settle  # for conflicts only

    whole = settle(merged.content)
    return merged if whole is None else Merged(whole, 0)


def _drops_imports(base: bytes, current: bytes, new: bytes) -> bool:
    """Tell whether a template imports less than it did, and a person wrote into the file."""
    return current != base and not _imports(base) <= _imports(new)


def _imports(text: bytes) -> set[bytes]:
    return {line.strip() for line in text.splitlines() if b"import" in line or line.rstrip().endswith(b",")}


@dataclass(frozen=True)
class ThreeWay:
    """Merges for one project; its own formatter settles what is only a matter of style."""

    root: Path
    environ: Mapping[str, str]

    def __call__(self, path: str, base: bytes, current: bytes, new: bytes) -> Merged:
        """Merge; the result has the line ends of `current`."""
        ending = b"\r\n" if b"\r\n" in current else b"\n"
        texts = _unix(base), _unix(current), _unix(new)
        result = merge_root(*texts) if path.endswith(_ROOT) else merge(*texts)
        if result.conflicts and path.endswith(".py"):
            result = self._by_meaning(path, texts, result)
        if path.endswith(".py") and not result.conflicts and _drops_imports(*texts):
            from arckode_gen.engine.settling import with_used_imports

            result = Merged(with_used_imports(texts[1], result.content), 0)
        return Merged(result.content.replace(b"\n", ending), result.conflicts)

    def restyled(self, path: str, base: bytes, current: bytes) -> bool:
        """Tell whether a file differs from its baseline only as the project's formatter and its line ends have it."""
        text, plain = _unix(current), _unix(base)
        return text == plain or (path.endswith(".py") and self._formatted(path, plain) == text)

    def _by_meaning(self, path: str, texts: tuple[bytes, bytes, bytes], plain: Merged) -> Merged:
        """Put together what only lines keep apart; what is left to a person is shown as git would show it."""
        base, current, new = texts
        if not base:
            return plain  # two files that have nothing in common are not two changes of one
        from arckode_gen.engine.settling import with_imports, without_new_imports  # for conflicts only

        imports = without_new_imports(base, new)
        if imports is None or not imports.added:
            return self._in_their_style(path, texts, plain)
        apart = self._in_their_style(path, (base, current, imports.text), merge(base, current, imports.text))
        whole = None if apart.conflicts else with_imports(apart.content, imports.added)
        return self._in_their_style(path, texts, plain) if whole is None else Merged(whole, 0)

    def _in_their_style(self, path: str, texts: tuple[bytes, bytes, bytes], plain: Merged) -> Merged:
        """A project that is formatted otherwise differs in every line: compare what was meant, in its own format."""
        base, current, new = texts
        plain = _settled(plain)
        if not plain.conflicts:
            return plain
        styled = self._formatted(path, base), self._formatted(path, new)
        if styled[0] is None or styled[1] is None:
            return plain
        if styled[0] == current:
            return Merged(styled[1], 0)
        merged = _settled(merge(styled[0], current, styled[1]))
        return merged if merged.conflicts < plain.conflicts else plain

    def _formatted(self, path: str, text: bytes) -> bytes | None:
        if self._ruff is None:
            return None
        words = [str(self._ruff), "format", "--quiet", "--stdin-filename", path, "-"]
        try:
            done = subprocess.run(words, cwd=self.root, input=text, capture_output=True, timeout=_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout if done.returncode == 0 else None

    @cached_property
    def _ruff(self) -> Path | None:
        """Return the formatter of the project's environment, or the one on PATH."""
        from shutil import which

        folders = [Path(self.environ["VIRTUAL_ENV"])] if self.environ.get("VIRTUAL_ENV") else []
        own = (folder / "bin" / "ruff" for folder in (*folders, self.root / ".venv"))
        found = next((file for file in own if file.is_file()), None)
        on_path = which("ruff", path=self.environ.get("PATH"))
        return found or (Path(on_path) if on_path else None)
