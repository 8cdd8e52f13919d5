"""schemathesis, a stranger who reads nothing but the API's description, finds nothing in a generated application.

ARCKODE_SCHEMATHESIS says how many requests each operation gets, and ARCKODE_SCHEMATHESIS_SEED which ones.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path

import pytest

from tests.generated import MODULES, run

pytestmark = pytest.mark.generates


def test_a_stranger_finds_nothing(everything: Path) -> None:
    script = str(Path(__file__).with_name("schemathesis_http.py"))
    examples, seed = os.environ.get("ARCKODE_SCHEMATHESIS", "2"), os.environ.get("ARCKODE_SCHEMATHESIS_SEED", "1")
    secret = f"whsec_{base64.b64encode(bytes(32)).decode()}"  # without one, a web-hook's sender is told to come back
    env = {"ACME_WEBHOOK__SECRET": secret}
    done = run(everything, sys.executable, script, str(everything), examples, seed, env=env)
    assert done.code == 0, done.text
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["findings"] == []
    assert found["operations"] > 5 * len(MODULES)
