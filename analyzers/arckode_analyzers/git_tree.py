"""The Python files of the commit that a branch started from, read from git's store without a checkout."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arckode_analyzers.config import ConfigurationError, nearest
from arckode_analyzers.files import is_walked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_FILES = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class BaseTree:
    """Files by their path under the project's root; `renames` leads from an old path to the one it has now."""

    commit: str
    files: Mapping[str, bytes]
    renames: Mapping[str, str]


def read(root: Path, reference: str) -> BaseTree:
    """Return the tree of the commit where HEAD left `reference`.

    Raises:
        ConfigurationError: there is no repository, no such commit, no common history, or the clone does not hold it.
    """
    prefix = _inside(root)
    base = _merge_base(root, reference)
    paths = dict(_listed(root, base, prefix))
    contents = _contents(root, tuple(paths.values()))
    return BaseTree(base, dict(zip(paths, contents, strict=True)), dict(_renames(root, base)))


def first_known(root: Path, references: Iterable[str]) -> str:
    """Return the first of some names that git knows as a commit, or an empty string."""
    words = ("rev-parse", "--verify", "--quiet", "--end-of-options")
    return next((name for name in references if _git(root, *words, f"{name}^{{commit}}").returncode == 0), "")


def _inside(root: Path) -> str:
    """Return where the project lies in its repository: empty at the top, else a path that ends in a slash."""
    done = _git(root, "rev-parse", "--show-prefix")
    if done.returncode == 0:
        return done.stdout.decode().rstrip("\n")
    said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
    if "not a git repository" in said:
        hint = "--against compares with a commit: run it in a clone"
        raise ConfigurationError(f"{root} is not in a git repository", hint)
    first = said.partition("\n")[0]
    raise ConfigurationError(f"git does not read the repository: {first}", "try `git status` in the project")


def _merge_base(root: Path, reference: str) -> str:
    if _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").returncode != 0:
        raise ConfigurationError("the repository has no commit yet", "commit first; --against compares with a commit")
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
    if found.returncode != 0:
        raise ConfigurationError(f"git knows no commit '{reference}'", _unknown(root, reference))
    commit = found.stdout.decode().strip()
    shared = _git(root, "merge-base", "HEAD", commit)
    if shared.returncode == 0:
        return shared.stdout.decode().strip().splitlines()[0]
    if _is_shallow(root):
        raise ConfigurationError(
            f"this shallow clone does not hold the commit where HEAD left '{reference}'",
            "fetch the history: `git fetch --unshallow` (actions/checkout: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`)",
        )
    raise ConfigurationError(f"HEAD and '{reference}' share no history", "name a branch that this one started from")


def _unknown(root: Path, reference: str) -> str:
    done = _git(root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
    known = done.stdout.decode("utf-8", "replace").split()
    guess = nearest(reference, known)
    if guess:
        return guess
    remote, _, branch = reference.partition("/")
    fetched = f"git fetch {remote} {branch}" if branch else f"git fetch origin {reference}"
    return f"fetch it first, with `{fetched}`" if _is_shallow(root) or branch else "see `git branch --all`"


def _is_shallow(root: Path) -> bool:
    return _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"


def _listed(root: Path, commit: str, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files that can be judged, with the name of their content; links and submodules have none."""
    done = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit, *([prefix] if prefix else []))
    for row in done.stdout.split(b"\0"):
        told, _, name = row.partition(b"\t")
        path = os.fsdecode(name).removeprefix(prefix)
        if is_walked(path) and told.decode().split()[0] in _FILES:
            yield path, told.split()[2]


def _contents(root: Path, names: tuple[bytes, ...]) -> Iterator[bytes]:
    answer = _git(root, "cat-file", "--batch", given=b"".join(name + b"\n" for name in names)).stdout
    at = 0
    for name in names:
        head, _, _ = answer[at : at + 200].partition(b"\n")
        parts = head.split()
        if len(parts) != 3 or parts[1] != b"blob":
            raise ConfigurationError(
                f"this clone does not hold the file content {name.decode()[:12]}", "fetch it with `git fetch --refetch`"
            )
        start = at + len(head) + 1
        at = start + int(parts[2]) + 1
        yield answer[start : at - 1]


def _renames(root: Path, commit: str) -> Iterator[tuple[str, str]]:
    """Yield what moved since, so that a moved file's findings are not taken for new ones."""
    done = _git(root, "diff", "--no-ext-diff", "--name-status", "-z", "-M", "--diff-filter=R", "--relative", commit)
    words = [os.fsdecode(word) for word in done.stdout.split(b"\0")]
    for status, old, new in zip(words[::3], words[1::3], words[2::3], strict=False):
        if status.startswith("R"):
            yield old, new


def _git(root: Path, *words: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git in the project's own repository, in English, without fetching anything."""
    environ = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    environ |= {"LC_ALL": "C", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        return subprocess.run(["git", *words], cwd=root, env=environ, input=given, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ConfigurationError("there is no git on this machine", "--against needs it; install git") from error


_REDIRECTIONS: Iterable[str] = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
