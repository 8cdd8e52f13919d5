"""YAML as arckode reads it: plain values only, by libyaml where it is there (eight times the speed)."""

from __future__ import annotations

from typing import cast

import yaml

_SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text: str) -> object:
    """Return what a YAML document holds.

    Raises:
        yaml.YAMLError: it is not YAML, or asks for more than plain values.
    """
    return cast("object", yaml.load(text, Loader=_SAFE))  # noqa: S506  both loaders are the safe one


def nodes(text: str) -> yaml.Node | None:
    """Return the nodes of a YAML document, which know their places; None when there is none.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    return yaml.compose(text, Loader=_SAFE)
