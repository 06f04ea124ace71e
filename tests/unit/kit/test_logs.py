"""No log line shows a phone number, a name or an address."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from services._kit import logs
from services._kit.masking import masked, masked_text

if TYPE_CHECKING:
    from collections.abc import Iterator

PHONES = [
    "13812345678",
    "138-1234-5678",
    "138 1234 5678",
    "+8613812345678",
    "+86 138 1234 5678",
    "021-12345678",
    "+44 20 7946 0958",
]
HARMLESS = ["20260301000001", "2026-03-01T12:00:00Z", "1772366400000", "W01-13", "3550308"]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize("phone", PHONES)
def test_phone_numbers_are_masked_within_text(phone: str) -> None:
    assert masked_text(f"call {phone}, please") == "call ***, please"
    assert masked_text(f"电话{phone}王") == "电话***王"
    assert masked_text(f"tel{phone}x") == "tel***x"


@pytest.mark.parametrize("text", HARMLESS)
def test_order_numbers_and_instants_stay_readable(text: str) -> None:
    assert masked_text(text) == text


@given(st.integers(130_0000_0000, 199_9999_9999), st.text(st.characters(categories=["Lo", "Po"])))
def test_no_mobile_number_survives(number: int, around: str) -> None:
    assert str(number) not in masked_text(f"{around}{number}{around}")
    assert masked({"note": [number]}) == {"note": ["***"]}


def test_personal_keys_are_masked_at_any_depth() -> None:
    value = {"order": [{"recipient": {"name": "王小明"}, "sku": "A"}], "buyer_phone": 1}

    assert masked(value) == {"order": [{"recipient": "***", "sku": "A"}], "buyer_phone": "***"}


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    said = capsys.readouterr().err.strip().splitlines()
    found: dict[str, Any] = json.loads(said[-1])
    return found


def test_a_production_line_is_json_with_the_tracking_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    early = logs.logger("kit.test")  # made before `configure`, as modules do
    logs.configure(production=True)
    structlog.contextvars.bind_contextvars(tracking_id="t-1")

    early.info("taken", order="20260301000001", phone="13812345678", note="ring 13812345678")

    said = line(capsys)
    assert (said["event"], said["room"], said["tracking_id"]) == ("taken", "kit.test", "t-1")
    assert (said["phone"], said["note"]) == ("***", "ring ***")


def test_exceptions_and_other_libraries_lines_are_masked_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(production=True)
    try:
        raise ValueError("no such phone: 13812345678")
    except ValueError:
        logging.getLogger("library").exception("failed for %s", "13812345678")

    said = line(capsys)
    assert "13812345678" not in json.dumps(said)
    assert "ValueError" in said["exception"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "13812345678", None, "ü"])
def test_a_strange_tracking_id_is_replaced(given: str | None) -> None:
    assert logs.tracking_id_from(given) != given
    assert logs.tracking_id_from("payload-7:a.b_c") == "payload-7:a.b_c"
