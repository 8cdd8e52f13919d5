"""Presets: layouts that many projects share, and what a person writes over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from arckode_analyzers import layout_note
from arckode_analyzers.config import Config, Globs, load
from arckode_analyzers.presets import LAYOUT, PRESETS
from tests.rules.projects import plant

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_knows_every_layer_and_requires_some(name: str) -> None:
    preset = PRESETS[name]
    assert set(preset.layers) == set(LAYOUT)
    assert preset.required
    assert all(preset.layers[layer] for layer in preset.required)


@pytest.mark.parametrize(
    ("preset", "path", "layer"),
    [
        pytest.param("fastapi", "app/api/routes/users.py", "controllers", id="routes in a folder"),
        pytest.param("fastapi", "polar/order/endpoints.py", "controllers", id="endpoints beside the model"),
        pytest.param("fastapi", "app/crud/users.py", "repositories", id="crud"),
        pytest.param("litestar", "app/controllers/users.py", "controllers", id="controllers of litestar"),
        pytest.param("django", "blog/views.py", "controllers", id="views"),
        pytest.param("django", "blog/serializers.py", "schemas", id="serializers"),
        pytest.param("django", "blog/tests.py", "tests", id="tests of an application"),
        pytest.param("arckode", "src/shop/composition_root.py", "composition_root", id="our own"),
    ],
)
def test_a_preset_finds(preset: str, path: str, layer: str) -> None:
    assert Globs(PRESETS[preset].layers[layer]).match(path)


def test_a_layer_that_is_written_replaces_the_presets(tmp_path: Path) -> None:
    text = '[tool.arckode]\npreset = "fastapi"\nsource = ["server", "worker/src/"]\nlayers.models = "db/**"\n'
    config = load(plant(tmp_path, {"pyproject.toml": text}))
    assert config.layers["models"] == ("db/**",)
    assert config.layers["controllers"] == PRESETS["fastapi"].layers["controllers"]
    assert config.sources == ("worker/src", "server", "")


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        pytest.param(("src/shop/composition_root.py",), False, id="ours"),
        pytest.param(("a/controller.py", "a/service.py"), False, id="ours without a root"),
        pytest.param(("app/views.py",), True, id="another"),
        pytest.param(("x.py",), True, id="nothing at all"),
        pytest.param((), False, id="no file"),
    ],
)
def test_a_foreign_layout_is_noticed(tmp_path: Path, paths: tuple[str, ...], *, said: bool) -> None:
    assert bool(layout_note.note(Config(), paths, tmp_path)) is said
    assert layout_note.note(Config(preset="fastapi"), paths, tmp_path) == ""
