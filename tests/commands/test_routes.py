from __future__ import annotations

import json
import venv
from typing import TYPE_CHECKING

import pytest

from arckode_gen.engine.openapi_routes import routes
from arckode_gen.errors import OperationError, UsageError
from tests.commands.calls import ENVIRON, arckode, call, on_terminal

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = "src/shop/modules/orders/service.py"


def add(shop: Path, path: str, text: str) -> int:
    """Add a line to a file and return its number."""
    file = shop / path
    lines = [*file.read_text().splitlines(), text]
    file.write_text("\n".join(lines) + "\n")
    return len(lines)


def test_the_routes_of_a_generated_project_in_order_of_path(generated: Path) -> None:
    heard = call(generated, "routes")
    heading, *lines = [line.split() for line in heard.out.splitlines()]
    assert (heard.code, heard.said) == (0, "")
    assert heading == ["method", "path", "action", "access", "operation", "module"]
    assert [line[1] for line in lines] == sorted(line[1] for line in lines)
    assert ["PATCH", "/orders/{order_id}", "update", "public", "orders_update", "orders"] in lines
    assert ["GET", "/health/live", "live", "-", "health_live", "health"] in lines
    assert len(lines) == 12


def test_json_is_one_object_with_the_same_routes(generated: Path) -> None:
    document = json.loads(call(generated, "routes", "--json").out)
    assert document["version"] == 1
    assert document["routes"][0] == {
        "method": "GET",
        "path": "/customers",
        "action": "index",
        "access": "public",
        "operation": "customers_index",
        "module": "customers",
    }


def test_what_the_project_prints_while_it_is_imported_is_not_part_of_the_answer(shop: Path) -> None:
    add(shop, SERVICE, "print('{not json')")
    heard = arckode(shop, "routes", "--json")
    assert len(json.loads(heard.out)["routes"]) == 12
    assert "{not json" in heard.said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param("total = missing", "NameError: name 'missing' is not defined", id="a name that is not there"),
        pytest.param("def broken(:", "SyntaxError: invalid syntax", id="wrong syntax"),
        pytest.param("raise SystemExit(3)", "SystemExit: 3", id="a file that ends the process"),
        pytest.param("import shop.nowhere", "ModuleNotFoundError: No module named 'shop.nowhere'", id="an own module"),
        pytest.param("Port(1, 2, 3)", "TypeError: Port.__init__() takes 2", id="an error deeper than the own line"),
    ],
)
def test_an_error_of_the_project_is_told_with_its_line(shop: Path, line: str, message: str) -> None:
    number = add(shop, SERVICE, line)
    heard = arckode(shop, "routes", code=5)
    assert heard.out == ""
    assert heard.said.splitlines()[-2].startswith(f"error: {SERVICE}:{number}: {message}")
    assert heard.said.splitlines()[-1] == "  correct it, then run the command again"


def test_an_interpreter_without_the_projects_packages_is_named(shop: Path) -> None:
    venv.create(shop / ".venv", with_pip=False, symlinks=True)
    with pytest.raises(OperationError, match="No module named 'pydantic'") as caught:
        call(shop, "routes", environ={**ENVIRON, "VIRTUAL_ENV": ""})
    assert caught.value.hint == (
        f"install the project's dependencies for {shop / '.venv/bin/python'}, or name another interpreter with --python"
    )


def test_wrong_settings_are_told_without_a_traceback(generated: Path) -> None:
    with pytest.raises(OperationError, match=r"^the settings are wrong: DATABASE_URL: unknown database") as caught:
        call(generated, "routes", environ={**ENVIRON, "DATABASE_URL": "oracle://secret@host/x"})
    assert caught.value.hint == "correct .env or the environment"
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_an_interpreter_that_is_not_there(generated: Path) -> None:
    with pytest.raises(UsageError, match="--python nowhere: there is no interpreter"):
        call(generated, "routes", "--python", "nowhere")


def test_outside_a_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not inside an arckode project"):
        call(tmp_path, "routes")


def test_an_operation_that_says_little_is_shown_with_what_it_says() -> None:
    found = routes({"paths": {"/x": {"post": {}, "parameters": []}, "/a": {"delete": {}, "get": {"tags": ["m"]}}}})
    assert [(route.method, route.path, route.module, route.access) for route in found] == [
        ("GET", "/a", "m", ""),
        ("DELETE", "/a", "", ""),
        ("POST", "/x", "", ""),
    ]
    assert routes({}) == ()


def test_a_terminal_shows_a_table(generated: Path) -> None:
    assert "customers_index" in on_terminal(generated, "routes")


def test_the_routes_of_the_code_are_those_of_the_running_application(generated: Path) -> None:
    running = json.loads(call(generated, "routes", "--json").out)["routes"]
    written = json.loads(call(generated, "routes", "--static", "--json").out)["routes"]
    assert written == [route for route in running if route["module"] != "health"]


def test_the_routes_of_a_project_that_does_not_run_are_read_from_its_code(tmp_path: Path) -> None:
    text = "from fastapi import APIRouter\n\nrouter = APIRouter(prefix='/a')\n\n@router.get('/b')\ndef show(): ...\n"
    (tmp_path / "main.py").write_text(f"import missing\n{text}")
    heard = call(tmp_path, "routes", "--static")
    assert heard.out.splitlines()[1].split() == ["GET", "/a/b", "show", "-"]
