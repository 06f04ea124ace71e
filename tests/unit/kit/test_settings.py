"""Settings, the secret and the clock."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from services._kit.clock import ManualClock, SystemClock
from services._kit.config import Config, load, parse_ports
from services._kit.errors import ConfigError
from services._kit.secret import derived, load_secret


def test_runs_on_a_laptop_with_nothing_set() -> None:
    config = load()

    assert config.data_dir == Path(".orderhub")
    assert [config.listen_address(name) for name in config.ports] == [
        "127.0.0.1:7401",
        "127.0.0.1:7402",
        "127.0.0.1:7403",
        "127.0.0.1:7404",
    ]
    assert config.address("rules") == "127.0.0.1:7402"


def test_every_setting_is_described() -> None:
    assert all(field.description for field in Config.model_fields.values())


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHUB_PORTS", "rules=0,intake=9000")
    monkeypatch.setenv("ORDERHUB_RULES_ADDR", "proxy:1234")
    monkeypatch.setenv("ORDERHUB_GRACE_S", "2.5")

    config = load()

    assert config.ports == {"intake": 9000, "rules": 0, "fulfilment": 7403, "orchestrator": 7404}
    assert config.address("rules") == "proxy:1234"
    assert config.grace_s == 2.5


def test_the_first_port_gives_the_others() -> None:
    assert list(parse_ports("9000").values()) == [9000, 9001, 9002, 9003]
    assert list(parse_ports("0").values()) == [0, 0, 0, 0]


@pytest.mark.parametrize("listen", ["0.0.0.0", "::", "192.168.1.5", "hub.example"])
def test_other_machines_are_served_with_tls_only(listen: str) -> None:
    with pytest.raises(ConfigError, match="so TLS is needed"):
        load(listen=listen)

    pair = {"tls_cert_file": "c.pem", "tls_key_file": "k.pem", "tls_ca_file": "a.pem"}
    assert load(listen=listen, **pair).listen == listen


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_is_served_in_plain_text(listen: str) -> None:
    assert load(listen=listen).listen == listen


def test_says_every_wrong_setting_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        load(grace_s=-1, time_zone="Nowhere")

    assert "ORDERHUB_GRACE_S" in str(caught.value)
    assert "ORDERHUB_TIME_ZONE" in str(caught.value)


def test_the_transports_cap_stands_well_above_the_methods() -> None:
    with pytest.raises(ConfigError, match="twice the largest message"):
        load(max_transport_bytes=4 << 20)


def test_the_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    config = Config(data_dir=tmp_path / "new")

    first, second = load_secret(config), load_secret(config)

    mode = stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode)
    assert first == second
    assert len(first) >= 32
    assert mode == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_two_purposes_have_two_keys() -> None:
    assert derived(b"s" * 32, "a") != derived(b"s" * 32, "b")


def test_a_secret_that_others_read_or_that_is_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"x" * 40)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_secret(Config(secret_file=path))

    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match="fewer than 32"):
        load_secret(Config(secret_file=path))

    with pytest.raises(ConfigError, match="cannot be read"):
        load_secret(Config(secret_file=tmp_path / "absent"))


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(datetime(2026, 3, 1, 20, tzinfo=timezone(timedelta(hours=8))))
    before = clock.now()

    clock.advance(90)

    assert before == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert clock.now() - before == timedelta(seconds=90)
    assert clock.monotonic() == 90


def test_setting_a_clock_back_does_not_turn_durations_negative() -> None:
    clock = ManualClock()
    clock.advance(10)

    clock.set(datetime(2020, 1, 1, tzinfo=UTC))

    assert clock.now().year == 2020
    assert clock.monotonic() == 10


def test_instants_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


def test_the_systems_clock_is_aware() -> None:
    assert SystemClock().now().tzinfo is UTC
