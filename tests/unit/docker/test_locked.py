"""The builder's lock: the packages of a list with every hash, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]


def locked(lock: Path, listed: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(REPO / "docker" / "locked.py"), str(lock), str(listed)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_takes_entries_whole_and_leaves_the_others(tmp_path: Path) -> None:
    lock, listed = tmp_path / "lock", tmp_path / "list"
    lock.write_text(
        "a==1 \\\n    --hash=sha256:aa \\\n    --hash=sha256:ab\n"
        "b==2 ; python_version < '3.12' \\\n    --hash=sha256:bb\n"
        "c==3 \\\n    --hash=sha256:cc\n"
    )
    listed.write_text('# a comment\na==1\nb==2; python_version < "3.12"\n')

    found = locked(lock, listed)

    assert found.stdout == lock.read_text().partition("c==3")[0]


def test_refuses_what_the_lock_does_not_have(tmp_path: Path) -> None:
    lock, listed = tmp_path / "lock", tmp_path / "list"
    lock.write_text("a==1 \\\n    --hash=sha256:aa\n")
    listed.write_text("a==2\n")

    found = locked(lock, listed)

    assert (found.returncode, found.stdout) == (1, "")
    assert "a==2" in found.stderr


def test_the_image_s_packages_all_carry_hashes() -> None:
    listed = REPO / "docker" / "requirements" / "all.txt"

    found = locked(REPO / "requirements.lock", listed)

    pins = [line for line in listed.read_text().splitlines() if not line.startswith("#")]
    entries = [line for line in found.stdout.splitlines() if not line.startswith(" ")]
    assert len(entries) == len(pins)
    assert all(line.endswith("\\") for line in entries)
    assert "pytest" not in found.stdout
