"""The compose files and the Dockerfile agree with each other and with the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from orderhub_client.addresses import parse_addresses
from services._kit.config import SERVICES, Config, is_loopback, load

DOCKER = Path(__file__).resolve().parents[3] / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
FILES = ["compose.yaml", "compose.embedded.yaml"]
CLIENTS_OWN = {"ORDERHUB_HUB"}


def composed(name: str) -> dict[str, Any]:
    """Return a compose file, every `${NAME:-default}` as its default."""
    text = (DOCKER / name).read_text(encoding="utf-8")
    loaded: dict[str, Any] = YAML(typ="safe").load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return loaded


def built(name: str) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in composed(name)["services"].items() if "build" in each}


def served(name: str) -> dict[str, dict[str, Any]]:
    return {key: each for key, each in built(name).items() if key in {*SERVICES, "hub"}}


def settings(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> Config:
    for key, value in environment.items():
        monkeypatch.setenv(key, str(value))
    return load()


@pytest.mark.parametrize("name", FILES)
def test_every_target_built_is_in_the_dockerfile(name: str) -> None:
    for each in built(name).values():
        assert each["build"]["target"] in TARGETS
        assert (DOCKER / each["build"]["context"] / each["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("name", FILES)
def test_every_variable_is_a_setting_and_is_accepted(name: str, monkeypatch) -> None:
    known = {f"ORDERHUB_{field.upper()}" for field in Config.model_fields} | CLIENTS_OWN

    for each in built(name).values():
        given = {k for k in each.get("environment", {}) if k.startswith("ORDERHUB_")}
        assert given <= known
    for each in served(name).values():
        with monkeypatch.context() as patch:
            config = settings(patch, each["environment"])
            assert config.production
            assert not is_loopback(config.listen)
            assert config.tls_cert_file is not None


@pytest.mark.parametrize("name", FILES)
def test_what_is_ours_runs_read_only_without_rights(name: str) -> None:
    for each in built(name).values():
        assert each["read_only"] is True
        assert each["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in each["security_opt"]
        assert "privileged" not in each
    assert re.search(r"^FROM .* AS base\n(.|\n)*?^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert len(re.findall(r"^USER ", DOCKERFILE, re.MULTILINE)) == 1


@pytest.mark.parametrize("name", FILES)
def test_ports_are_published_to_this_machine_alone_unless_told_otherwise(name: str) -> None:
    for each in composed(name)["services"].values():
        for port in each.get("ports", []):
            assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", FILES)
def test_volumes_are_declared_and_the_authority_s_key_stays_with_setup(name: str) -> None:
    document = composed(name)
    mounted = {
        key: {volume.partition(":")[0] for volume in each.get("volumes", [])}
        for key, each in document["services"].items()
    }

    assert set().union(*mounted.values()) == set(document["volumes"])
    assert [key for key, volumes in mounted.items() if "tls-ca" in volumes] == ["setup"]


@pytest.mark.parametrize("name", FILES)
def test_data_and_certificates_lie_where_the_settings_say(name: str) -> None:
    for key, each in served(name).items():
        mounts = {volume.split(":")[1]: volume.split(":")[0] for volume in each["volumes"]}
        assert mounts["/data"] in {key, "data"}
        assert mounts["/tls/own"] == f"tls-{key}"
    assert "ORDERHUB_DATA_DIR=/data" in DOCKERFILE


def test_split_services_know_each_other_s_ports(monkeypatch) -> None:
    for name, each in served("compose.yaml").items():
        with monkeypatch.context() as patch:
            config = settings(patch, each["environment"])
        assert config.address(name) == f"{name}:{config.ports[name]}"
        assert each["ports"] == [f"127.0.0.1:{config.ports[name]}:{config.ports[name]}"]
        assert f"EXPOSE {config.ports[name]}\n" in DOCKERFILE


@pytest.mark.parametrize("name", FILES)
def test_the_command_line_reaches_services_by_name(name: str) -> None:
    where = parse_addresses(built(name)["cli"]["environment"]["ORDERHUB_HUB"])

    assert where is not None
    hosts = {address.partition(":")[0] for address in (where.intake, where.orchestrator)}
    assert hosts <= set(served(name))


def test_every_service_has_a_target_with_a_health_check() -> None:
    for name in SERVICES:
        target = re.search(
            rf"^FROM service AS {name}\n(.*?)(?=^FROM|\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL
        )
        assert target is not None
        assert f"COPY --from={name}-environment" in target[1]
        assert f'CMD ["python", "healthcheck.py", "{name}"]' in target[1]
        assert target[1].rstrip().endswith(f'CMD ["{name}"]')


def test_no_final_image_descends_from_the_stage_with_the_compiler() -> None:
    parents = {
        child: parent
        for parent, child in re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)
    }

    for target in (*SERVICES, "all", "client", "setup"):
        line = [target]
        while line[-1] in parents:
            line.append(parents[line[-1]])
        assert "wheels" not in line
        assert "base" in line
