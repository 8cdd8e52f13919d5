"""Layouts that many projects share: which files are controllers, services, models, when nobody says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LAYOUT: Mapping[str, tuple[str, ...]] = {
    "adapters": ("**/adapters/*.py",),
    "composition_root": ("**/composition_root.py",),
    "connectors": ("**/connectors/*.py",),
    "controllers": ("**/controller.py", "**/*_controller.py"),
    "frontend": ("frontend/src/**",),
    "kernel": ("**/kernel/**",),
    "migrations": ("**/migrations/**", "**/alembic/**"),
    "models": ("**/model.py", "**/models.py"),
    "modules": ("**/modules/*/**",),
    "repositories": ("**/repository.py", "**/repositories/**"),
    "schemas": ("**/schemas.py",),
    "seeds": ("**/seeds/**",),
    "services": ("**/service.py", "**/usecases/**"),
    "shared": ("**/shared/**",),
    "tests": ("tests/**", "**/tests/**", "**/conftest.py", "**/test_*.py", "**/*_test.py"),
}

# Names that the generated project's law fixes; other projects have their own.
_OUR_NAMES = ("ARC105", "ARC401", "ARC402", "ARC503", "ARC504")
_NOT_OURS: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("adapters", "composition_root", "connectors", "kernel", "modules"), ()
)
_DATA: Mapping[str, tuple[str, ...]] = {
    "models": ("**/model.py", "**/models.py", "**/models/**"),
    "repositories": ("**/repository.py", "**/repositories/**", "**/*_repository.py", "**/crud.py", "**/crud/**"),
    "schemas": ("**/schemas.py", "**/schema.py", "**/schemas/**"),
    "services": ("**/service.py", "**/services.py", "**/services/**", "**/*_service.py"),
}


@dataclass(frozen=True, slots=True)
class Preset:
    """Layers over the arckode layout, the layers that must match something, and the rules that do not apply."""

    layers: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    ignore: tuple[str, ...] = ()


def _other(required: tuple[str, ...], **layers: tuple[str, ...]) -> Preset:
    return Preset({**LAYOUT, **_NOT_OURS, **_DATA, **layers}, required, _OUR_NAMES)


PRESETS: Mapping[str, Preset] = {
    "arckode": Preset(LAYOUT, ("composition_root",)),
    "django": _other(
        ("models", "controllers"),
        controllers=("**/views.py", "**/views/**", "**/viewsets.py", "**/api.py"),
        repositories=("**/managers.py", "**/querysets.py", "**/selectors.py"),
        schemas=("**/serializers.py", "**/serializers/**", "**/forms.py", "**/forms/**"),
        tests=(*LAYOUT["tests"], "**/tests.py"),
    ),
    "fastapi": _other(
        ("controllers",),
        controllers=(
            "**/routers/**",
            "**/routes/**",
            "**/endpoints/**",
            "**/router.py",
            "**/routers.py",
            "**/routes.py",
            "**/endpoints.py",
            "**/views.py",
        ),
    ),
    "flask": _other(
        ("controllers",),
        controllers=(
            "**/views.py",
            "**/views/**",
            "**/routes.py",
            "**/routes/**",
            "**/blueprints/**",
            "**/controllers/**",
        ),
    ),
    "litestar": _other(
        ("controllers",),
        controllers=("**/controllers/**", "**/controllers.py", "**/controller.py", "**/routes/**", "**/routes.py"),
        repositories=(*_DATA["repositories"], "**/repositories.py"),
    ),
    "plain": _other(("models",), controllers=("**/views.py", "**/views/**", "**/controllers/**")),
}
