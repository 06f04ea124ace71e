"""Documents say what the code does: generated parts are current, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderhub_client.addresses import SERVICES
from services._kit.config import FIRST_PORT, Config
from services.intake.transitions import DIMENSIONS
from services.supervisor import ExitCode

if TYPE_CHECKING:
    from types import ModuleType

REPO = Path(__file__).resolve().parents[3]
DOCS = REPO / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["configuration.md", "rules-facts.md"])
def test_generated_parts_are_the_current_ones(name: str) -> None:
    assert page(name) == generator().pages()[name], "run: python docs/generate.py"


def test_every_setting_is_in_the_reference_and_none_that_is_not_one() -> None:
    table = page("configuration.md").partition("## Settings of the command line")[0]

    named = set(re.findall(r"^\| `ORDERHUB_(\w+)` \|", table, re.MULTILINE))

    assert named == {name.upper() for name in Config.model_fields}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_settings_named_in_prose_exist(path: Path) -> None:
    known = {f"ORDERHUB_{name.upper()}" for name in Config.model_fields}
    known |= set(re.findall(r"^\| (.*?) \|", page("configuration.md"), re.MULTILINE))
    known = set(re.findall(r"ORDERHUB_[A-Z_]+", " ".join(known)))

    named = set(re.findall(r"ORDERHUB_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))

    assert named - known == set()


def test_operations_names_every_exit_code_of_the_services() -> None:
    table = page("operations.md").partition("| exit code |")[2].partition("\n\n")[0]

    named = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}

    assert named == {int(code) for code in ExitCode}


def test_log_lines_explained_in_operations_are_written_somewhere() -> None:
    table = page("operations.md").partition("| line |")[2].partition("\n\n")[0]
    source = "".join(
        path.read_text(encoding="utf-8") for path in sorted((REPO / "services").rglob("*.py"))
    )

    lines = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)

    assert len(lines) >= 5
    for line in lines:
        assert f'"{line}"' in source, line


def test_the_architecture_names_every_value_of_every_dimension() -> None:
    states = page("architecture.md").partition("## States")[2]

    for dimension in DIMENSIONS:
        for number, value in dimension.names.items():
            if number:
                assert value in states, f"{dimension.name}: {value}"


def test_the_call_diagram_has_every_service_at_its_port() -> None:
    diagram = page("architecture.md").partition("```")[2].partition("```")[0]

    for number, service in enumerate(SERVICES):
        assert service in diagram
        assert f":{FIRST_PORT + number}" in diagram


def test_files_and_folders_named_in_code_spans_exist() -> None:
    wanted = r"`((?:services|solver|docker|clients|rules|docs|protos)/[\w./_-]*)`"
    for name in ("architecture.md", "operations.md", "configuration.md", "rules.md"):
        for target in re.findall(wanted, page(name)):
            assert (REPO / target).exists(), f"{name}: {target}"


def test_benchmarks_come_from_the_program_with_command_date_machine_and_load() -> None:
    text = page("benchmarks.md")

    for line in ("command   python -m tests.bench", "date      ", "machine   ", "load      "):
        assert line in text
    titles = re.findall(r"^### (.+)$", text, re.MULTILINE)
    source = "".join(
        path.read_text(encoding="utf-8") for path in sorted((REPO / "tests" / "bench").glob("*.py"))
    )
    assert len(titles) == 7
    for title in titles:
        assert title.partition(":")[0] in source, title
