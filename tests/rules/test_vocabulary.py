"""The analyzer's words for the runtime are the runtime's."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from arckode_analyzers.model.vocabulary import ADAPTERS, APPENDS, CALLS, DECIDER, PROVIDERS, STORED_EVENT, VOLATILE

KERNEL = Path(__file__).parents[2] / "templates/kernel/kernel"
# What they forget was never promised to last: a cache, counters, what a reader of a stream may have missed.
_MAY_FORGET = {"MemoryCache", "MemoryLog", "MemoryRateLimits"}
# What the runtime has no part for yet.
_NOT_YET = {"EventBus.subscribe", "EventBus.publish", "Kernel.add_projection", "Scheduler.at", "Scheduler.register"}


def classes() -> dict[str, ast.ClassDef]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sorted(KERNEL.rglob("*.py")))
    return {node.name: node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)}


def members(node: ast.ClassDef, known: dict[str, ast.ClassDef]) -> list[str]:
    inherited = (known[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in known)
    functions = (each.name for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    fields = (
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    )
    return [*fields, *functions, *(name for base in inherited for name in members(base, known))]


def test_every_part_that_only_this_process_knows_is_one_that_production_must_not_have() -> None:
    found = {name for name in classes() if name.startswith("Memory")}
    assert found - _MAY_FORGET <= {name.removeprefix("kernel.") for name in VOLATILE}
    assert found >= _MAY_FORGET


def test_what_rules_know_of_the_runtimes_classes_is_there() -> None:
    known = classes()
    named = [name.removeprefix("kernel.") for name in (*CALLS, *APPENDS) if name.startswith("kernel.")]
    owners = {name: members(node, known) for name, node in known.items()}
    parts = (each.split(".") for each in named if "." in each)
    missing = {f"{owner}.{name}" for owner, name in parts if owner in owners and name not in owners[owner]}
    assert missing <= _NOT_YET | {each.replace("EventBus", "RecordingBus") for each in _NOT_YET}
    assert STORED_EVENT.removeprefix("kernel.") in known


def test_what_the_runtime_refuses_after_the_start_is_what_a_rule_finds() -> None:
    methods = (each for each in classes()["Kernel"].body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    refusing = {f"kernel.Kernel.{each.name}" for each in methods if "self._refuse_late(" in ast.unparse(each)}
    assert len(refusing) > 10
    assert refusing <= set(CALLS)


def test_the_function_that_syncs_the_schema_is_the_runtimes() -> None:
    tree = ast.parse((KERNEL / "schema_sync.py").read_text(encoding="utf-8"))
    functions = {f"kernel.{node.name}" for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}
    assert {name for name, word in CALLS.items() if word.kind == "sync"} & functions


def test_a_decider_takes_its_functions_where_rules_look_for_them() -> None:
    assert tuple(members(classes()["Decider"], {}))[: len(DECIDER)] == DECIDER


def test_what_rules_know_of_ports_is_what_the_runtime_says() -> None:
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(KERNEL.rglob("*.py")))
    ports = dict(re.findall(r"^([A-Z_]+): Final\[AdapterPort\[(\w+)\]\]", texts, re.MULTILINE))
    assert {f"kernel.{port}": f"kernel.{held}" for port, held in ports.items() if port != "RATE_LIMITS"} == ADAPTERS
    known = classes()
    for settings, (default, providers) in PROVIDERS.items():
        written = ast.unparse(known[settings.removeprefix("kernel.")])
        assert f"= '{default}'" in written, settings
        for provider, function in providers.items():
            assert f"'{provider}'" in written, settings
            assert f"def {function}(kernel: Kernel)" in texts, function
