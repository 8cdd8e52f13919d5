"""Files that say which variables the program is started with: which are read, what is kept of them, and what counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import engine, suppressions
from arckode_analyzers.cache import Cache
from arckode_analyzers.config import Config
from arckode_analyzers.facts.environment_file import extract_environment
from arckode_analyzers.files import is_walked, read_project
from arckode_analyzers.walk import is_environment

if TYPE_CHECKING:
    from pathlib import Path

ROOT = {
    "src/shop/settings.py": (
        "from shop.kernel.event_bus import EventBusSettings\nfrom shop.kernel.settings import KernelSettings\n\n"
        "class Settings(KernelSettings):\n    event_bus: EventBusSettings = EventBusSettings()\n"
    ),
    "src/shop/composition_root.py": (
        "from shop.kernel.app import Kernel\n\ndef compose(settings):\n    return Kernel(settings)\n"
    ),
}
SAYS = {
    ".env": "EVENT_BUS_PROVIDER=kafka\n",
    ".env.production": "EVENT_BUS_PROVIDER=kafka\n",
    "compose.yaml": "services: { app: { environment: { EVENT_BUS_PROVIDER: kafka } } }\n",
    "docker-compose.prod.yml": "services: { app: { environment: [EVENT_BUS_PROVIDER=kafka] } }\n",
}
NO_PART = {
    "deploy/.env": SAYS[".env"],
    "deploy/compose.yaml": SAYS["compose.yaml"],
    "compose.d/app.yaml": SAYS["compose.yaml"],
    ".env.d/app": SAYS[".env"],
    ".envrc": "export EVENT_BUS_PROVIDER=kafka\n",
    "composer.yaml": SAYS["compose.yaml"],
    "values.yaml": SAYS["compose.yaml"],
}


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def found(root: Path, cache: Cache | None = None) -> list[tuple[str, str]]:
    verdict = engine.judge(read_project(root, Config(), cache), cache=cache)
    assert not verdict.incomplete
    return [(each.path, each.message) for each in verdict.findings if each.code == "ARC604"]


def test_those_at_the_root_are_read_and_no_others(tmp_path: Path) -> None:
    write(tmp_path, {**ROOT, **SAYS, **NO_PART})
    told = "EVENT_BUS_PROVIDER chooses 'kafka' and nobody provides it: the application refuses to start"
    assert found(tmp_path) == [(path, told) for path in sorted(SAYS)]
    assert all(map(is_environment, SAYS))
    assert all(map(is_walked, SAYS))
    assert not any(map(is_environment, NO_PART))


def test_an_edit_is_seen_by_a_run_that_remembers_the_last(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", "c", key=b"k" * 32)
    write(tmp_path, {**ROOT, ".env": "EVENT_BUS_PROVIDER=memory\n"})
    assert found(tmp_path, cache) == []
    write(tmp_path, {".env": "EVENT_BUS_PROVIDER=rabbitmq\n"})
    assert len(found(tmp_path, cache)) == 1
    write(tmp_path, {".env": "\n# EVENT_BUS_PROVIDER=rabbitmq\n"})
    assert found(tmp_path, cache) == []


def test_nothing_is_kept_but_what_chooses_a_provider() -> None:
    text = "DATABASE_URL=postgresql://app:s3cret@db/shop\nSIGNING_KEY=s3cret\nEVENT_BUS_PROVIDER=redis\n"
    facts = extract_environment(text.encode(), ".env")
    assert [(mark.name, mark.detail) for mark in facts.marks] == [("EVENT_BUS_PROVIDER", "redis")]
    assert "s3cret" not in repr(facts)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A_PROVIDER=redis", "redis"),
        ("a_provider = redis ", "redis"),
        ("export A_PROVIDER='redis'", "redis"),
        ('A_PROVIDER="redis" # why', "redis"),
        ("A_PROVIDER=redis # why", "redis"),
        ("A_PROVIDER=redis#1", "redis#1"),
        ("A_PROVIDER=${A:-redis}", "redis"),
        ("A_PROVIDER=${A-redis}", "redis"),
        ("A_PROVIDER=${A}", ""),
        ("A_PROVIDER=", ""),
        ("#A_PROVIDER=redis", ""),
        ("A_PROVIDER: redis", ""),
    ],
)
def test_a_line_of_variables_is_read_as_the_application_reads_it(line: str, value: str) -> None:
    for text in (f"{line}\n", f"X=1\r\n{line}\r\nY='\r\nA_PROVIDER=kafka'\r\n"):
        marks = extract_environment(text.encode(), ".env").marks
        assert [(mark.name, mark.detail) for mark in marks] == ([("A_PROVIDER", value)] if value else [])


def test_where_it_is_said_is_told() -> None:
    (mark,) = extract_environment(b"X=1\n\n  A_PROVIDER=redis\n", ".env.example").marks
    assert (mark.line, mark.column) == (3, 2)
    text = "services:\n  app:\n    environment:\n      X: 1\n      A_PROVIDER: redis\n"
    (mark,) = extract_environment(text.encode(), "compose.yaml").marks
    assert (mark.line, mark.column) == (5, 6)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", "EVENT_BUS_PROVIDER=kafka # arckode: ignore[ARC604] it is on its way\n"),
        (".env", "# arckode: ignore[ARC604] it is on its way\n\n# the broker\nEVENT_BUS_PROVIDER=kafka\n"),
        (
            "compose.yaml",
            (
                "services:\n  app:\n    environment:\n"
                "      EVENT_BUS_PROVIDER: kafka  # arckode: ignore[ARC604] it is on its way\n"
            ),
        ),
    ],
)
def test_a_comment_silences_one(path: str, text: str) -> None:
    files = {name: each.encode() for name, each in {**ROOT, path: text}.items()}
    verdict = engine.judge(files)
    assert [each.code for each in verdict.findings if each.path == path] == ["ARC604"]
    assert not [
        each
        for each in suppressions.apply(verdict.findings, verdict.suppressions, "2026-01-01").findings
        if each.path == path
    ]


def test_a_compose_file_that_is_no_yaml_is_a_gap() -> None:
    verdict = engine.judge({"compose.yaml": b"services:\n  app: [\n"})
    assert verdict.incomplete == (
        "compose.yaml: it is no YAML: expected the node content, but found '<stream end>' (line 3)",
    )


@pytest.mark.parametrize(
    "text", ["", "a", "- a\n", "services:\n", "services: { app: }", "services: { app: [x] }", "!x y"]
)
def test_a_compose_file_of_any_form_is_read(text: str) -> None:
    assert extract_environment(text.encode(), "compose.yml").marks == ()
