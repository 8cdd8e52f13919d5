"""Every way there is a name for."""

from __future__ import annotations

from tests.rules.mutants import data, design, front, layers

MUTANTS = (*layers.MUTANTS, *data.MUTANTS, *design.MUTANTS, *front.MUTANTS)
