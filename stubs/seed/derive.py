"""The seed's name, and the repository of the module whose rows it inserts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from arckode_gen.engine.names import to_pascal
from arckode_gen.engine.python_names import free_name
from arckode_gen.engine.services import module_of
from arckode_gen.engine.units import load
from arckode_gen.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arckode_gen.engine.names import Name
    from arckode_gen.engine.project import Snapshot


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: the name is taken by Python, or the module or its repository is not there.
        RefusedError: there is such a seed.
    """
    package, said = str(values["package"]), str(values["module"] or "")
    seed = free_name(str(values["name"]))
    path = f"src/{package}/seeds/{seed}.py"
    if project.read(path) is not None and load(project, "seed", seed) is None:
        hint = f"edit it, or choose another name: `arckode make:seed more_{seed}" + (f" --module {said or seed}`")
        raise RefusedError(f"{path} is there already", hint)
    named = project.is_folder(f"src/{package}/modules/{seed}")
    if not said and not named:
        return {"seed": seed, "words": seed.replace("_", " "), "repository": "", "needs": (), "known": {}}
    module = module_of(project, package, said or seed)
    repository = _repository(project, package, module)
    unit = load(project, "module", module.plural)
    return {
        "seed": seed,
        "words": seed.replace("_", " "),
        "repository": repository,
        "table": str(unit.values.get("table") or module.plural) if unit is not None else module.plural,
        "after": _after(project, package, module, seed),
        "needs": (f"module.{module.plural}",) if unit is not None else (),
        "known": {repository: f"{package}.modules.{module.plural}.repository"},
    }


def _repository(project: Snapshot, package: str, module: Name) -> str:
    path = f"src/{package}/modules/{module.plural}/repository.py"
    state = project.read(path)
    try:
        body = [] if state is None else ast.parse(state.content).body
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "repair it first") from error
    classes = [node.name for node in body if isinstance(node, ast.ClassDef)]
    usual = f"{to_pascal(module.plural)}Repository"
    found = [usual] if usual in classes else [name for name in classes if name.endswith("Repository")]
    if len(found) != 1:
        raise UsageError(f"{path} has no class {usual}, through which the rows could go", "write it first")
    return found[0]


def _after(project: Snapshot, package: str, module: Name, seed: str) -> tuple[str, ...]:
    """Return the module's own seed, which the rows of another one may refer to."""
    own = f"src/{package}/seeds/{module.plural}.py"
    return (f'"{module.plural}"',) if seed != module.plural and project.read(own) is not None else ()
