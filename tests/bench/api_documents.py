"""OpenAPI documents of many makers, too large to keep here: fetched once into `.cache/api-documents`.

They come from npm and from public repositories; where GitHub cannot be reached, ARCKODE_DOCUMENT_REPOS names the place
of clones, with `{owner}` and `{name}` in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "api-documents"


class Source(NamedTuple):
    """Where a document is: a repository and a path in it, or an npm package and a path in that."""

    name: str
    place: str
    path: str


_REPOS = (
    Source("polar", "polarsource/polar", "docs/openapi/2026-10.openapi.json"),
    Source("mealie", "mealie-recipes/mealie", "docs/docs/overrides/api.html"),
    Source("discord", "discord/discord-api-spec", "specs/openapi.json"),
    Source("openai", "openai/openai-openapi", "openapi.json"),
    Source("twilio", "twilio/twilio-oai", "spec/json/twilio_api_v2010.json"),
    Source("litestar", "litestar-org/litestar-fullstack", "src/js/web/src/lib/generated/openapi.json"),
    Source("asana", "Asana/openapi", "defs/asana_oas.yaml"),
    Source("dispatch", "Netflix/dispatch", "docs/scripts/openapi.yaml"),
)
_GITHUB = Source("github", "@octokit/openapi", "generated/api.github.com.json")


def documents() -> dict[str, Path]:
    """Return every document that can be had, by name; what cannot is said and left out."""
    CACHE.mkdir(parents=True, exist_ok=True)
    found: dict[str, Path] = {}
    for source in (*_REPOS, _GITHUB):
        file = CACHE / f"{source.name}{'.yaml' if source.path.endswith('.yaml') else '.json'}"
        if not file.is_file():
            try:
                text = _from_npm(source) if source is _GITHUB else _from_git(source)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{source.name} is left out, {source.place} cannot be fetched: {error}")
                continue
            file.write_text(text, "utf-8")
        found[source.name] = file
    return found


def _from_git(source: Source) -> str:
    owner, _, name = source.place.partition("/")
    pattern = os.environ.get("ARCKODE_DOCUMENT_REPOS", "https://github.com/{owner}/{name}.git")
    with tempfile.TemporaryDirectory() as folder:
        flags = ["--quiet", "--bare", "--depth=1"]
        address = pattern.format(owner=owner, name=name)
        local = Path(address).is_dir()
        if not local:
            subprocess.run(["git", "clone", *flags, address, folder], check=True, capture_output=True)
        command = ["git", f"--git-dir={address if local else folder}", "show", f"HEAD:{source.path}"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if not source.path.endswith(".html"):
        return text
    start = text.index("{", text.index("var spec = "))
    return json.dumps(json.JSONDecoder().raw_decode(text[start:])[0])


def _from_npm(source: Source) -> str:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "package.json").write_text('{"private": true}', "utf-8")
        npm = shutil.which("npm") or "npm"
        command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", source.place]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        return Path(folder, "node_modules", source.place, source.path).read_text("utf-8")
