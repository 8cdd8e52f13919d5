"""`arckode hook pre-write`: what a coding agent is about to write is judged in place, and nothing is written."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers.registry import all_rules
from arckode_gen.commands import hook
from arckode_gen.errors import OperationError
from tests.commands.calls import Heard, call
from tests.rules.projects import CONTROLLER, LOOP, ORDERS, SERVICE, expected, plant

if TYPE_CHECKING:
    from pathlib import Path

    from arckode_analyzers.rule import Example, Rule

OLD = "src/shop/modules/notes/service.py"
FILES = {"pyproject.toml": "", SERVICE: ORDERS, OLD: LOOP, CONTROLLER: ""}
# In small two examples of each rule; all of them with ARCKODE_HOOK=1.
MANY = None if os.environ.get("ARCKODE_HOOK") else 2


class _Stdin(io.TextIOWrapper):
    """Standard input with something in it."""

    def __init__(self, text: str) -> None:
        super().__init__(io.BytesIO(text.encode()), encoding="utf-8")


def hooked(root: Path, sent: object, *flags: str) -> Heard:
    before, sys.stdin = sys.stdin, _Stdin(sent if isinstance(sent, str) else json.dumps(sent))
    try:
        return call(root, "hook", "pre-write", *flags)
    finally:
        sys.stdin = before


def writing(path: str, content: str) -> dict[str, object]:
    return {"tool_name": "Write", "tool_input": {"file_path": path, "content": content}}


def planted(root: Path, example: Example, without: str) -> Path:
    return plant(
        root, {"pyproject.toml": "", **{path: text for path, text in example.files.items() if path != without}}
    )


def examples(kind: str) -> list[object]:
    """Return rules with examples; what is compared with another branch is not a file's own affair."""
    return [
        pytest.param(rule, example, id=f"{rule.code} {example.title}")
        for rule in all_rules()
        for example in (rule.bad if kind == "bad" else rule.good)[:MANY]
        if not any(path.startswith("@base/") for path in example.files)
    ]


@pytest.mark.parametrize(("rule", "example"), examples("bad"))
def test_a_rules_bad_example_is_blocked(rule: Rule, example: Example, tmp_path: Path) -> None:
    path, _, _ = next(place for place in expected(example.files) if place[2] == rule.code)
    root = planted(tmp_path, example, path)
    heard = hooked(root, writing(path, example.files[path]), "--select", rule.code)
    assert heard.code == hook.BLOCKED
    for place, line, code in expected(example.files):
        if place == path and code == rule.code:
            assert f"{place}:{line}: {code} " in heard.said
    assert "\n  fix: " in heard.said
    assert not (root / path).exists()


@pytest.mark.parametrize(("rule", "example"), examples("good"))
def test_a_rules_good_example_passes(rule: Rule, example: Example, tmp_path: Path) -> None:
    path = next((path for path in example.files if path.endswith((".py", ".sql", ".ts", ".vue"))), "")
    heard = hooked(planted(tmp_path, example, path), writing(path, example.files[path]), "--select", rule.code)
    assert (heard.code, heard.said) == (0, "")


EDIT = {"old_string": "\n\n", "new_string": "\n\n\n"}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(writing(SERVICE, LOOP), 2, id="a whole file"),
        pytest.param(writing(SERVICE, ORDERS), 0, id="the file as it is"),
        pytest.param(writing(OLD, f"{LOOP}\n"), 0, id="what the file breaks already"),
        pytest.param(writing(OLD, ORDERS), 0, id="a repair"),
        pytest.param(
            writing(OLD, f"{LOOP}    async def more(self, ids):\n        for key in ids:\n"
                    "            await self._orders.find_by_id(key)\n"), 2, id="one more of the same"),
        pytest.param({"tool_input": {"file_path": OLD, **EDIT}}, 0, id="an edit that changes nothing"),
        pytest.param(
            {"tool_input": {"file_path": SERVICE, "old_string": ORDERS[-30:], "new_string": LOOP[len(ORDERS) - 30 :]}},
            2, id="an edit that breaks a rule"),
        pytest.param(
            {"tool_input": {"filePath": SERVICE, "edits": [EDIT, {"old_string": ORDERS[-20:],
                                                                  "new_string": LOOP[len(ORDERS) - 20 :]}]}},
            2, id="several edits"),
        pytest.param({"tool_input": {"file_path": SERVICE, "old_string": "not there", "new_string": "x"}}, 0,
                     id="an edit that does not fit"),
        pytest.param({"tool_input": {"file_path": f"new/{SERVICE}", "old_string": "", "new_string": LOOP}},
                     2, id="an edit that makes the file"),
        pytest.param({"tool_input": {"file_path": SERVICE, "old_string": "", "new_string": LOOP}}, 0,
                     id="an edit of nothing where something is"),
        pytest.param({"tool_input": {"file_path": SERVICE, "old_string": ORDERS.replace("\n", "\r\n"),
                                     "new_string": LOOP}}, 2, id="an edit with the ends of lines of Windows"),
        pytest.param({"path": SERVICE, "content": LOOP}, 2, id="without a tool around it"),
        pytest.param({"tool_name": "Bash", "tool_input": {"command": "ls"}}, 0, id="no file"),
        pytest.param(writing("README.md", "# shop"), 0, id="no Python"),
        pytest.param(writing("/etc/service.py", LOOP), 0, id="outside of any project"),
        pytest.param(writing(SERVICE, "def"), 0, id="no Python that could be read"),
        pytest.param(writing("src/shop/modules/new/deep/service.py", LOOP), 2, id="in folders that are not there yet"),
    ],
)  # fmt: skip
def test_what_is_sent_is_judged(tmp_path: Path, sent: dict[str, object], code: int) -> None:
    root = plant(tmp_path, FILES)
    assert hooked(root, sent, "--select", "ARC201").code == code


def test_the_project_is_the_files_wherever_the_agent_is(tmp_path: Path) -> None:
    root = plant(tmp_path / "shop", FILES)
    absolute = str(root / SERVICE)
    assert hooked(tmp_path, {"cwd": "/", **writing(absolute, LOOP)}, "--select", "ARC201").code == 2
    assert hooked(tmp_path, {"cwd": str(root), **writing(SERVICE, LOOP)}, "--select", "ARC201").code == 2


def test_what_another_file_completes_may_pass(tmp_path: Path) -> None:
    root = plant(tmp_path, {"pyproject.toml": "", "src/shop/composition_root.py": "def compose(): ...\n"})
    door = "from shop.kernel.app import Kernel\n\ndef register_orders(kernel: Kernel) -> None: ...\n"
    sent = writing("src/shop/modules/orders/__init__.py", door)
    assert hooked(root, sent).code == 2
    assert hooked(root, sent, "--unfinished").code == 0


def test_nothing_is_written(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    before = {file: file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}
    hooked(root, writing(SERVICE, LOOP))
    assert {file: file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()} == before


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        pytest.param("nonsense", "standard input is not JSON", id="no JSON"),
        pytest.param("[]", "standard input is list, not an object", id="no object"),
    ],
)
def test_what_cannot_be_judged_does_not_stop_an_agent(tmp_path: Path, sent: str, said: str) -> None:
    with pytest.raises(OperationError) as refused:
        hooked(plant(tmp_path, FILES), sent)
    assert said in refused.value.message
    assert refused.value.exit_code == 5


def test_a_wrong_configuration_does_not_stop_an_agent_from_repairing_it(tmp_path: Path) -> None:
    root = plant(tmp_path, {**FILES, "pyproject.toml": "[tool.arckode]\nselekt = []\n"})
    with pytest.raises(OperationError):
        hooked(root, writing(SERVICE, LOOP))


def test_as_an_agent_calls_it(tmp_path: Path) -> None:
    root = plant(tmp_path, FILES)
    command = [sys.executable, "-P", "-m", "arckode_gen", "hook", "pre-write", "--select", "ARC201", "--json"]
    sent = json.dumps({"cwd": str(root), **writing(str(root / SERVICE), LOOP)}).encode()
    done = subprocess.run(command, cwd=tmp_path, input=sent, capture_output=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.decode().startswith(f"{SERVICE}:9: ARC201 ")
    assert [each["code"] for each in json.loads(done.stdout)["findings"]] == ["ARC201"]
