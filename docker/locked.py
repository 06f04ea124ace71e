"""Prints the entries of a hashed lock for the packages of a list; needs nothing but Python.

python locked.py requirements.lock LIST
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ENTRY = re.compile(r"^(?P<pin>[A-Za-z0-9][^\s;]*==[^\s;]+).*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def main(lock: str, listed: str) -> int:
    """Write the entries; return 1 where the lock lacks one."""
    lines = Path(listed).read_text(encoding="utf-8").splitlines()
    wanted = {line.split(";")[0].strip() for line in lines if line and not line.startswith("#")}
    entries = ENTRY.finditer(Path(lock).read_text(encoding="utf-8"))
    found = {entry["pin"]: entry[0] for entry in entries}
    missing = sorted(wanted - set(found))
    if missing:
        sys.stderr.write(f"not in {lock}: {', '.join(missing)}\n")
        return 1
    sys.stdout.write("".join(found[pin] for pin in sorted(wanted)))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
