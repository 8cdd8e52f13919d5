"""`arckode analyze` and `arckode explain`, as they are called."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import baseline, registry
from arckode_gen.commands import analyze, explain
from arckode_gen.engine.spec import Call, CommandSpec, Value
from arckode_gen.errors import ArckodeError, CrashError, OperationError, UsageError
from tests.rules.projects import CONTROLLER, LOOP, ORDERS, SERVICE, plant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIXED = {"pyproject.toml": "", SERVICE: ORDERS, CONTROLLER: ""}
BROKEN = {"pyproject.toml": "", SERVICE: LOOP, CONTROLLER: ""}


@dataclass(frozen=True, slots=True)
class Terminal:
    """A folder in which commands are run, and what they printed."""

    cwd: Path
    written: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    environ: Mapping[str, str] = field(default_factory=dict)

    def call(self, spec: CommandSpec, **values: Value) -> Call:
        write, say = self.written.append, self.said.append
        return Call(spec, self.cwd, values, write, say, json=values.get("json") is True, environ=self.environ)

    def analyze(self, **values: Value) -> int:
        return analyze.run(self.call(analyze.SPEC, **values))

    def explain(self, **values: Value) -> int:
        return explain.run(self.call(explain.SPEC, **values))


@pytest.mark.parametrize(
    ("files", "values", "code"),
    [
        pytest.param(FIXED, {}, 0, id="nothing found"),
        pytest.param(BROKEN, {}, 1, id="something found"),
        pytest.param({**FIXED, "src/x.py": "def"}, {}, 0, id="incomplete, and nobody minds"),
        pytest.param({**FIXED, "src/x.py": "def"}, {"strict": True}, 2, id="incomplete under --strict"),
        pytest.param({**BROKEN, "src/x.py": "def"}, {"strict": True}, 2, id="incomplete and found under --strict"),
        pytest.param(BROKEN, {"select": ("ARC101",)}, 0, id="another rule selected"),
        pytest.param(BROKEN, {"select": ("arc201",)}, 1, id="the rule selected, in small letters"),
        pytest.param(BROKEN, {"paths": ("src/shop/modules",)}, 1, id="a path that holds it"),
        pytest.param(BROKEN, {"paths": ("pyproject.toml",)}, 0, id="a path that does not"),
        pytest.param(BROKEN, {"suppressions": True}, 0, id="a list of suppressions is no judgement"),
    ],
)
def test_exit_codes(tmp_path: Path, files: dict[str, str], values: dict[str, Value], code: int) -> None:
    assert Terminal(plant(tmp_path, files)).analyze(**values) == code


@pytest.mark.parametrize(
    ("files", "values", "message", "hint"),
    [
        pytest.param(FIXED, {"paths": ("nowhere",)}, "there is no 'nowhere'", "name files", id="a path that is not"),
        pytest.param(FIXED, {"paths": ("..",)}, "'..' is outside the project", "run arckode in", id="a path outside"),
        pytest.param(FIXED, {"select": ("ARC210",)}, "there is no rule 'ARC210'", "did you mean", id="an unknown rule"),
        pytest.param(FIXED, {"baseline": "x.json"}, "there is no baseline 'x.json'", "--update-", id="no baseline"),
        pytest.param(
            {**FIXED, "x.json": "{"}, {"baseline": "x.json"}, "x.json: it is not a ba", "restore", id="damage"
        ),
        pytest.param(FIXED, {"update_baseline": True}, "needs to know which", "add --baseline", id="update of none"),
        pytest.param(
            FIXED,
            {"update_baseline": True, "baseline": "x.json", "paths": ("src",)},
            "--update-baseline is about the whole project, and paths was given",
            "leave it out",
            id="an update of a part",
        ),
        pytest.param(
            FIXED,
            {"update_baseline": True, "baseline": "x.json", "against": "main"},
            "--update-baseline is about the whole project, and --against was given",
            "leave it out",
            id="an update of a branch",
        ),
        pytest.param(
            {**FIXED, "x.json": '{"version": 2, "entries": []}'},
            {"baseline": "x.json"},
            "x.json: its version is 2, and this arckode reads version 1",
            "restore",
            id="a baseline of another version",
        ),
        pytest.param(FIXED, {"write": True}, "--write only means something with --init", "add", id="writing nothing"),
        pytest.param(
            FIXED,
            {"watch": True, "suppressions": True},
            "--suppressions and --watch do not go together",
            "one after the other",
            id="two ways to look at it",
        ),
        pytest.param(
            FIXED, {"watch": True, "json": True}, "--watch is for people and writes text", "leave", id="watched JSON"
        ),
        pytest.param(
            FIXED,
            {"statistics": True, "format": "sarif"},
            "--statistics is text or json, not sarif",
            "--json",
            id="counts as SARIF",
        ),
        pytest.param(
            FIXED, {"stdin_file": "a.txt"}, "--stdin-file a.txt: only Python files", "name", id="a proposed text"
        ),
        pytest.param(
            FIXED, {"stdin_file": "../a.py"}, "'../a.py' is outside the project", "run", id="a proposal outside"
        ),
        pytest.param(
            {"pyproject.toml": "[tool.arckode.layers]\nx = []\n"},
            {},
            "does not know 'x'",
            "correct",
            id="a wrong layer",
        ),
    ],
)
def test_usage_errors(tmp_path: Path, files: dict[str, str], values: dict[str, Value], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Terminal(plant(tmp_path, files)).analyze(**values)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_json_is_a_format(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, BROKEN))
    terminal.analyze(json=True)
    terminal.analyze(format="json")
    assert terminal.written[0] == terminal.written[1]
    assert json.loads(terminal.written[0])["findings"][0]["code"] == "ARC201"


def test_strict_says_why_on_standard_error(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, {**FIXED, "src/x.py": "def"}))
    terminal.analyze(strict=True)
    assert terminal.said == ["the analysis is incomplete, and --strict does not take that for green"]


def test_the_project_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    root = plant(tmp_path, BROKEN)
    assert Terminal(root / "src" / "shop").analyze(paths=("modules",)) == 1


def test_no_cache_leaves_no_trace(tmp_path: Path) -> None:
    Terminal(plant(tmp_path, BROKEN)).analyze(no_cache=True)
    assert not (tmp_path / ".arckode").exists()


def test_suppressions_are_listed(tmp_path: Path) -> None:
    text = LOOP.rstrip() + "  # arckode: ignore[ARC201 until 2999-01-01] three at most\n"
    terminal = Terminal(plant(tmp_path, {**BROKEN, SERVICE: text}))
    terminal.analyze(suppressions=True)
    assert terminal.written == [f"{SERVICE}:9: ARC201 until 2999-01-01: three at most\n1 suppression"]
    terminal.analyze(suppressions=True, json=True)
    (row,) = json.loads(terminal.written[1])["suppressions"]
    assert (row["reason"], row["silenced"]) == ("three at most", 1)


def test_the_first_baseline_takes_everything_and_then_only_shrinks(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, BROKEN))
    update: dict[str, Value] = {"baseline": "known.json", "update_baseline": True}
    assert terminal.analyze(**update) == 0
    assert terminal.analyze(baseline="known.json") == 0
    plant(tmp_path, {SERVICE: LOOP + "            await self._orders.find_by_id(key)\n"})
    assert terminal.analyze(**update) == 1
    assert terminal.written[-1] == "known.json: 1 known, 0 taken out, 1 new ones left to fix"
    assert terminal.written[-2].startswith(f"{SERVICE}:10:19: ARC201 error:")
    assert terminal.analyze(baseline="known.json") == 1
    plant(tmp_path, {SERVICE: ORDERS})
    assert terminal.analyze(baseline="known.json") == 1
    assert "known.json:1:1: ARC004 error: the baseline still lists ARC201" in terminal.written[-1]
    assert "1 finding in 2 files" in terminal.written[-1]
    assert terminal.analyze(**update) == 0
    assert terminal.written[-1] == "known.json: 0 known, 1 taken out, 0 new ones left to fix"
    assert terminal.analyze(baseline="known.json") == 0


def test_a_baseline_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, BROKEN))
    with pytest.raises(OperationError) as caught:
        terminal.analyze(baseline="no/such/folder.json", update_baseline=True)
    assert caught.value.message == "cannot write folder.json: No such file or directory"


def test_a_crash_names_the_rule_and_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> tuple[()]:
        raise KeyError("x")

    broken = (replace(registry.all_rules()[0], check=crash),)
    monkeypatch.setattr(registry, "all_rules", lambda: broken)
    with pytest.raises(CrashError) as caught:
        Terminal(plant(tmp_path, BROKEN)).analyze()
    assert caught.value.exit_code == 70
    assert caught.value.message == f"rule {broken[0].code} failed on {CONTROLLER}: KeyError: 'x'"
    assert caught.value.hint == "this is a bug in arckode; please report it with that file"


def test_explain_knows_each_check_of_the_catalogue(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.explain(code="set-not-null")
    assert terminal.written[0].startswith("# set-not-null\n\nError on PostgreSQL. Every row is read while")
    terminal.explain(code="ARC207")
    assert "`set-not-null`" in terminal.written[1]
    terminal.explain(code="set-not-null", json=True)
    assert json.loads(terminal.written[2])["check"]["engines"] == ["postgresql"]


def test_explain_prints_the_rule_in_its_own_words(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    assert terminal.explain(code="arc201") == terminal.explain(code="query-in-loop") == 0
    assert terminal.written[0] == terminal.written[1]
    for words in ("# ARC201: query-in-loop", "## Why", "## What to do", "## Reported", "## Not reported"):
        assert words in terminal.written[0]


def test_explain_without_a_rule_lists_all(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.explain()
    listed = [line.split()[0] for line in terminal.written[0].splitlines()]
    assert listed == sorted(listed)
    assert {"ARC001", "ARC004", "ARC101", "ARC403"} <= set(listed)
    terminal.explain(json=True)
    assert [row["code"] for row in json.loads(terminal.written[1])["rules"]] == listed
    terminal.explain(code="ARC002", json=True)
    assert json.loads(terminal.written[2])["rule"]["name"] == "unused-suppression"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        pytest.param("ARC2001", "did you mean 'ARC201'?", id="a code with a digit too many"),
        pytest.param("query-in-loops", "did you mean 'query-in-loop'?", id="a name that is nearly one"),
        pytest.param("xyz", "run `arckode explain` for the list", id="nothing like a rule"),
    ],
)
def test_explain_refuses_an_unknown_rule(tmp_path: Path, word: str, hint: str) -> None:
    with pytest.raises(ArckodeError) as caught:
        Terminal(tmp_path).explain(code=word)
    assert (caught.value.exit_code, caught.value.message, caught.value.hint) == (2, f"there is no rule '{word}'", hint)


PROBE = """
import sys
from arckode_gen.__main__ import main
code = main(["analyze"])
heavy = {"typer", "click", "rich", "jinja2", "yaml", "copier", "sqlglot", "sqlalchemy", "pydantic", "libcst"}
parser = {"arckode_analyzers.facts.extract", "arckode_analyzers.model.calls"}
print(code, sorted(heavy & set(sys.modules)), sorted(parser & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["analyze"], id="as it is"),
        pytest.param(["analyze", "--select", "ARC2", "--per-path", "src/x.py:ARC101"], id="with a choice of rules"),
        pytest.param(["analyze", "--suppressions", "--ignore", "ARC1"], id="with its suppressions"),
    ],
)
def test_a_warm_run_imports_neither_the_terminal_nor_the_parser(tmp_path: Path, words: list[str]) -> None:
    text = LOOP + "            await self._orders.find_by_id(key)  # arckode: ignore[ARC201] three\n"
    root = plant(tmp_path, {**BROKEN, SERVICE: text, "src/x.py": ""})
    Terminal(root).analyze()
    script = PROBE.replace('["analyze"]', repr(words))
    done = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"{0 if '--suppressions' in words else 1} [] []"


def test_a_folder_without_python_is_not_green(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no Python file and no pyproject\.toml in"):
        Terminal(tmp_path).analyze()
    assert not list(tmp_path.iterdir())


def test_an_update_reports_new_findings_and_keeps_standard_output_one_object(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, {**BROKEN, "known.json": '{"version": 1, "entries": []}'}))
    assert terminal.analyze(baseline="known.json", update_baseline=True, json=True) == 1
    (document,) = terminal.written
    assert [each["code"] for each in json.loads(document)["findings"]] == ["ARC201"]
    assert terminal.said == ["known.json: 0 known, 0 taken out, 1 new ones left to fix"]


def test_an_update_under_a_selection_keeps_what_the_other_rules_found(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, BROKEN))
    terminal.analyze(baseline="known.json", update_baseline=True)
    assert terminal.analyze(baseline="known.json", update_baseline=True, select=("ARC101",)) == 0
    assert terminal.written[-1] == "known.json: 1 known, 0 taken out, 0 new ones left to fix"
    assert terminal.analyze(baseline="known.json", select=("ARC101",)) == 0


def test_an_update_with_gaps_is_refused_and_nothing_is_called_gone(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, BROKEN))
    terminal.analyze(baseline="known.json", update_baseline=True)
    known = (tmp_path / "known.json").read_bytes()
    plant(tmp_path, {SERVICE: "def"})
    assert terminal.analyze(baseline="known.json") == 0
    with pytest.raises(UsageError) as caught:
        terminal.analyze(baseline="known.json", update_baseline=True)
    assert caught.value.message.startswith(
        f"the analysis is incomplete, so the baseline stays as it is: {SERVICE}: this Python cannot parse it"
    )
    assert (tmp_path / "known.json").read_bytes() == known


def test_a_baseline_is_named_from_the_project_wherever_it_is_run(tmp_path: Path) -> None:
    root = plant(tmp_path, {**BROKEN, "src/known.json": '{"version": 1, "entries": []}'})
    inside = Terminal(root / "src")
    assert inside.analyze(baseline="known.json", update_baseline=True) == 1
    Terminal(root).analyze(baseline="src/known.json", update_baseline=True)
    plant(
        tmp_path,
        {
            SERVICE: ORDERS,
            "src/known.json": baseline.render([baseline.Entry("ARC201", "a", "", 0)]),
        },
    )
    assert inside.analyze(baseline="known.json") == 1
    assert inside.written[-1].startswith("src/known.json:1:1: ARC004 error")


FOREIGN = {"pyproject.toml": "", "app/views.py": "x = 1\n", "app/models.py": "y = 1\n"}
NOTE = (
    "no layers are configured and this is not arckode's layout: of 2 files matched: models (1); "
    "nothing: controllers, services, repositories, schemas; run `arckode analyze --init` for a configuration"
)


def test_a_foreign_layout_is_said_once_and_is_not_green_in_strict_mode(tmp_path: Path) -> None:
    terminal = Terminal(plant(tmp_path, FOREIGN))
    assert terminal.analyze() == 0
    assert terminal.said == [NOTE]
    assert terminal.analyze(strict=True) == 2
    assert terminal.said[1:] == [NOTE, "the analysis is incomplete, and --strict does not take that for green"]


@pytest.mark.parametrize(
    ("inner", "hint"),
    [
        ({"app/pyproject.toml": "[tool.arckode]\n"}, "app/ has one: run `arckode analyze` there"),
        (
            {
                "app/pyproject.toml": "[tool.arckode]\n",
                "jobs/pyproject.toml": "tool.arckode.select = []\n",
                "jobs/a.py": "",
            },
            "app/ and jobs/ have one: run `arckode analyze` there",
        ),
        ({"app/pyproject.toml": "[tool.other]\n"}, "run `arckode analyze --init` for a configuration"),
        ({"app/pyproject.toml": "no toml: [tool.arckode"}, "run `arckode analyze --init` for a configuration"),
    ],
)
def test_a_foreign_layout_points_to_the_folders_that_are_configured(
    tmp_path: Path, inner: dict[str, str], hint: str
) -> None:
    terminal = Terminal(plant(tmp_path, {**FOREIGN, **inner}))
    assert terminal.analyze() == 0
    assert [line.rpartition("; ")[2] for line in terminal.said] == [hint]


@pytest.mark.parametrize(
    ("files", "code", "gap"),
    [
        pytest.param({"pyproject.toml": '[tool.arckode]\npreset = "fastapi"\n'}, 0, "", id="a preset that fits"),
        pytest.param(
            {"pyproject.toml": '[tool.arckode]\npreset = "litestar"\n'},
            2,
            "the layer controllers of the preset 'litestar' matches no file",
            id="a preset that does not",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.arckode]\npreset = "litestar"\nlayers.controllers = ["app/views.py"]\n'},
            0,
            "",
            id="a layer over the preset",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.arckode.layers]\nservices = ["app/logic/**"]\n'},
            2,
            "[tool.arckode.layers] services matches no file",
            id="a layer that matches nothing",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.arckode]\npreset = "fastapi"\nlayers.services = []\n'},
            0,
            "",
            id="a layer that is said to be empty",
        ),
        pytest.param(
            {"pyproject.toml": '[tool.arckode]\npreset = "fastapi"\nper-path = { "old/**" = "ARC201" }\n'},
            2,
            "the per-path pattern 'old/**' matches no file",
            id="a path that is gone",
        ),
    ],
)
def test_a_configuration_that_matches_nothing_is_a_gap(
    tmp_path: Path, files: dict[str, str], code: int, gap: str
) -> None:
    terminal = Terminal(plant(tmp_path, {**FOREIGN, **files}))
    assert terminal.analyze(strict=True) == code
    assert (f"incomplete: {gap}" in terminal.written[0]) is bool(gap)
    assert "no layers are configured" not in "".join(terminal.said)
