"""Certificates named by the environment: all of them, or none."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from orderhub_client.credentials import CredentialsError, credentials_from_environment

CERTIFICATES = Path(__file__).parents[1] / "kit" / "certificates"


def set_files(monkeypatch: pytest.MonkeyPatch, **files: str) -> None:
    for what, name in files.items():
        monkeypatch.setenv(f"ORDERHUB_TLS_{what.upper()}_FILE", str(CERTIFICATES / name))


def test_without_settings_calls_are_plain() -> None:
    assert credentials_from_environment() is None


@pytest.mark.parametrize(
    "files",
    [{"ca": "own-ca.pem"}, {"ca": "own-ca.pem", "cert": "viewer.pem", "key": "viewer.key"}],
)
def test_files_become_credentials(monkeypatch: pytest.MonkeyPatch, files) -> None:
    set_files(monkeypatch, **files)

    assert isinstance(credentials_from_environment(), grpc.ChannelCredentials)


def test_refuses_a_certificate_without_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    set_files(monkeypatch, ca="own-ca.pem", cert="viewer.pem")

    with pytest.raises(CredentialsError, match="ORDERHUB_TLS_KEY_FILE are given together"):
        credentials_from_environment()


def test_names_the_setting_whose_file_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    set_files(monkeypatch, ca="absent.pem")

    with pytest.raises(CredentialsError, match=r"ORDERHUB_TLS_CA_FILE: .*absent.pem cannot be"):
        credentials_from_environment()
