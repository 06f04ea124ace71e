"""Which of the locked packages each service's image needs, from what its code imports.

    python docker/split_requirements.py            writes docker/requirements/*.txt
    python docker/split_requirements.py --check    says which of them are out of date

Needs an environment with everything in requirements.lock. What a service imports, at the top of a
file or inside a function, is read from its source; what that needs in turn, from the metadata of
the packages installed. Versions and markers are the lock's; its hashes are checked where the wheels
are built.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REPO = Path(__file__).resolve().parents[1]
LISTS = REPO / "docker" / "requirements"
HEAD = "# Written by docker/split_requirements.py from requirements.lock; do not edit.\n"

# What an image holds of ours; `services/*.py` is the hub itself.
SHARED = ("services/*.py", "services/_kit", "clients/orderhub")
ROOMS = {
    "intake": (*SHARED, "services/intake"),
    "rules": (*SHARED, "services/rules"),
    "fulfilment": (*SHARED, "services/fulfilment", "solver"),
    "orchestrator": (*SHARED, "services/orchestrator"),
    "client": ("clients/orderhub", "clients/orderhub_client"),
}
ALL = "all"
OURS = frozenset({"services", "solver", "orderhub", "orderhub_client"})
# Named in a database URL, a time zone or the operating system, and imported by nobody here.
UNSEEN = {
    **dict.fromkeys(
        ("intake", "rules", "fulfilment", "orchestrator"), ("psycopg[binary]", "tzdata")
    ),
    "client": ("tzdata",),
}
NAMESPACES = {"google.protobuf": "protobuf", "google.rpc": "googleapis-common-protos"}
# Images are Linux on either processor; both Pythons that the project supports may be asked for.
TARGETS = [
    default_environment()
    | {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": machine,
        "os_name": "posix",
    }
    for version in ("3.11", "3.12")
    for machine in ("x86_64", "aarch64")
]


def imported(source: str) -> Iterator[str]:
    """Yield the modules a file imports when it runs, wherever in it that is."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def distributions(rooms: Iterable[str]) -> set[str]:
    """Return the distributions that the files of `rooms` import directly."""
    known = packages_distributions()
    found = set()
    for file in _files(rooms):
        for module in imported(file.read_text(encoding="utf-8")):
            top = module.partition(".")[0]
            if top in OURS or top in sys.stdlib_module_names:
                continue
            named = [name for prefix, name in NAMESPACES.items() if module.startswith(prefix)]
            if top == "google":
                found.update(named)
            elif top in known:
                found.update(canonicalize_name(name) for name in known[top])
            else:
                raise SystemExit(f"{file.relative_to(REPO)}: no installed package has {top!r}")
    return found


def needed(roots: Iterable[str]) -> set[str]:
    """Return `roots` and everything they need on any of the `TARGETS`, by canonical name."""
    found: set[str] = set()
    done: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(root) for root in roots]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        extras = frozenset(requirement.extras)
        if (name, extras) in done:
            continue
        done.add((name, extras))
        found.add(name)
        for text in requires(name) or ():
            inner = Requirement(text)
            if inner.marker is None or _applies(inner.marker, extras):
                waiting.append(inner)
    return found


def pins(lock: str) -> dict[str, list[str]]:
    """Return the lines of the lock by canonical name, hashes and markers of other systems out."""
    found: dict[str, list[str]] = {}
    for line in re.findall(r"^[A-Za-z0-9].*$", lock, re.MULTILINE):
        requirement = Requirement(line.removesuffix("\\").strip())
        if requirement.marker is None or _applies(requirement.marker, frozenset()):
            found.setdefault(canonicalize_name(requirement.name), []).append(str(requirement))
    return found


def lists() -> dict[str, str]:
    """Return the text of each list by its name."""
    locked = pins((REPO / "requirements.lock").read_text(encoding="utf-8"))
    found, together = {}, set()
    for name, rooms in ROOMS.items():
        packages = needed(distributions(rooms) | set(UNSEEN[name]))
        together |= packages
        found[name] = _text(packages, locked)
    return found | {ALL: _text(together, locked)}


def main() -> int:
    """Write the lists, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of date")
    options = parser.parse_args()
    stale = []
    for name, text in lists().items():
        path = LISTS / f"{name}.txt"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(REPO))
            if not options.check:
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path}: {'out of date' if options.check else 'written'}")
    return 1 if stale and options.check else 0


def _files(rooms: Iterable[str]) -> Iterator[Path]:
    for room in rooms:
        if room.endswith(".py"):
            yield from sorted(REPO.glob(room))
        else:
            yield from sorted((REPO / room).rglob("*.py"))


def _text(packages: set[str], locked: dict[str, list[str]]) -> str:
    missing = sorted(packages - set(locked))
    if missing:
        raise SystemExit(f"not in requirements.lock: {', '.join(missing)}")
    return HEAD + "".join(f"{line}\n" for name in sorted(packages) for line in locked[name])


def _applies(marker: Marker, extras: frozenset[str]) -> bool:
    return any(
        marker.evaluate({**target, "extra": extra})
        for target in TARGETS
        for extra in (extras or {""})
    )


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


if __name__ == "__main__":
    sys.exit(main())
