"""Generate clients/orderhub from protos/orderhub; `--check` only compares.

Runs in an environment of its own (requirements-proto.lock): `grpc_tools` and
OR-Tools abort the process when both are imported.
"""

from __future__ import annotations

import filecmp
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from grpc_tools import protoc

PROTOS = Path(__file__).parent
OUT = PROTOS.parent / "clients" / "orderhub"
PLUGINS = ("protoc-gen-mypy", "protoc-gen-mypy_grpc")


def include_paths() -> list[Path]:
    """Return the folders of the well-known and of google.rpc's protos."""
    tools = find_spec("grpc_tools")
    rpc = find_spec("google.rpc")
    if tools is None or tools.origin is None or rpc is None:
        raise SystemExit("run `make proto`: the generator's environment is not installed")
    locations = list(rpc.submodule_search_locations or ())
    return [Path(tools.origin).parent / "_proto", Path(locations[0]).parent.parent]


def generate(root: Path) -> None:
    """Write messages, stubs and type stubs of every proto below `root`."""
    sources = sorted(str(path) for path in PROTOS.glob("orderhub/**/*.proto"))
    arguments = [
        "protoc",
        f"-I{PROTOS}",
        # The plugins stand beside the interpreter, which need not be on PATH.
        *(f"--plugin={Path(sys.executable).parent / name}" for name in PLUGINS),
        *(f"-I{path}" for path in include_paths()),
        f"--python_out={root}",
        f"--grpc_python_out={root}",
        f"--mypy_out={root}",
        f"--mypy_grpc_out={root}",
        *sources,
    ]
    if protoc.main(arguments) != 0:
        raise SystemExit("protoc failed")
    package = root / "orderhub"
    (package / "py.typed").touch()
    for folder in (package, *(path for path in package.rglob("*") if path.is_dir())):
        (folder / "__init__.py").write_text('"""Generated from protos/; do not edit."""\n')


def stale(fresh: Path) -> list[str]:
    """Return the files below `OUT` that differ from those below `fresh`."""
    new = {path.relative_to(fresh) for path in fresh.rglob("*.py*")}
    old = {path.relative_to(OUT) for path in OUT.rglob("*.py*") if "__pycache__" not in path.parts}
    differ = [path for path in new & old if not filecmp.cmp(fresh / path, OUT / path, False)]
    return sorted(str(path) for path in (new ^ old) | set(differ))


def main() -> None:
    """Generate, or compare with what is checked in."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh = Path(folder) / "orderhub"
        if "--check" in sys.argv[1:]:
            if differ := stale(fresh):
                raise SystemExit("out of date, run `make proto`: " + ", ".join(differ))
            print("generated code is up to date")
            return
        shutil.rmtree(OUT, ignore_errors=True)
        shutil.copytree(fresh, OUT)


if __name__ == "__main__":
    main()
