"""The authorisation table against the contract."""

from __future__ import annotations

import importlib
from pathlib import Path

from google.protobuf import descriptor_pool

from services._kit import access

PROTOS = Path(__file__).parents[3] / "protos"


def served() -> set[str]:
    """Full names of every method in the contract."""
    for proto in PROTOS.rglob("*.proto"):
        module = proto.relative_to(PROTOS).with_suffix("")
        importlib.import_module(".".join(module.parts) + "_pb2")
    found = set()
    pool = descriptor_pool.Default()
    for proto in PROTOS.rglob("*.proto"):
        file = pool.FindFileByName(str(proto.relative_to(PROTOS)))
        for service in file.services_by_name.values():
            found |= {f"/{service.full_name}/{method.name}" for method in service.methods}
    return found


def test_has_a_row_for_every_method_of_the_contract_and_no_other() -> None:
    ours = {method for method in access.ACCESS if method.startswith("/orderhub.")}

    assert ours == served()


def test_methods_named_as_reads_change_nothing_and_all_others_are_audited() -> None:
    reading = ("Get", "List", "Count", "Watch", "Explain", "Evaluate", "Check", "ServerReflection")
    for method, grant in access.ACCESS.items():
        assert grant.mutates != method.rpartition("/")[2].startswith(reading), method


def test_every_row_names_somebody() -> None:
    assert all(grant.roles for grant in access.ACCESS.values())
