"""`orderhub demo` as a user runs it: exit code, figures that add up, a page that needs nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.e2e.running import REPO

if TYPE_CHECKING:
    from pathlib import Path


def test_the_demo_accounts_for_every_delivery_and_writes_a_page_of_its_own(tmp_path: Path) -> None:
    out = tmp_path / "out"

    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "orderhub_client",
            "demo",
            "--orders",
            "200",
            "--json",
            f"--out={out}",
        ],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")])},
        capture_output=True,
        text=True,
        cwd=REPO,
        timeout=280,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout)
    answers = ("accepted", "updated", "duplicate", "quarantined")
    assert figures["orders_in"] == sum(figures[name] for name in answers)
    assert sum(figures["by_state"].values()) == figures["accepted"]
    assert figures["plan"]["checked"]
    assert figures["plan"]["lower_bound_minor"] <= figures["plan"]["cost_minor"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert "default-src 'none'" in page
    assert not re.findall(r"(?:src|href)\s*=\s*[\"'](?:https?:)?//", page)
