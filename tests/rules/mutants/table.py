"""Every way there is a name for."""

from __future__ import annotations

from tests.rules.mutants import data, design, layers

MUTANTS = (*layers.MUTANTS, *data.MUTANTS, *design.MUTANTS)
