"""Times: zones, clock changes, epochs, patterns, and years that are typing errors."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.mapping.instants import check_pattern, instant_reader, moment_of
from services.intake.mapping.reasons import Fault

SHANGHAI = ZoneInfo("Asia/Shanghai")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
FIRST, LAST = datetime(1990, 1, 2), datetime(2099, 12, 30)  # noqa: DTZ001 - Hypothesis adds it
INSTANTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


@given(moment=INSTANTS)
def test_an_instant_written_in_iso_8601_comes_back(moment: datetime) -> None:
    read = instant_reader(["iso"], SHANGHAI)

    assert moment_of(read(moment.isoformat())) == moment


@given(moment=INSTANTS)
def test_a_naive_time_is_the_channels_local_time(moment: datetime) -> None:
    local = moment.astimezone(SHANGHAI)
    naive = local.replace(tzinfo=None, fold=0).isoformat(sep=" ")

    assert moment_of(instant_reader(["iso"], SHANGHAI)(naive)) in {
        moment,
        local.replace(fold=0).astimezone(UTC),  # of a repeated hour the first is meant
    }


def test_a_time_that_clocks_jumped_over_falls_after_the_jump() -> None:
    read = instant_reader(["iso"], SAO_PAULO)  # 2017-10-15 00:00 became 01:00

    assert moment_of(read("2017-10-15 00:30:00")) == datetime(2017, 10, 15, 3, 30, tzinfo=UTC)


def test_of_a_repeated_hour_the_first_is_meant() -> None:
    read = instant_reader(["iso"], SAO_PAULO)  # 2017-02-19 00:00 became 2017-02-18 23:00

    assert moment_of(read("2017-02-18 23:30:00")) == datetime(2017, 2, 19, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("raw", [1793534403, "1793534403", 1793534403000, "1793534403000"])
def test_epoch_seconds_and_milliseconds_are_told_apart_by_size(raw: object) -> None:
    read = instant_reader(["iso", "epoch_s", "epoch_ms"], SHANGHAI)

    assert moment_of(read(raw)) == datetime(2026, 11, 1, 12, 0, 3, tzinfo=UTC)


def test_a_pattern_reads_what_it_says() -> None:
    read = instant_reader(["%Y年%m月%d日 %H:%M"], SHANGHAI)

    assert moment_of(read("2026年11月01日 20:00")) == datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    ["9999-12-31", "1970-01-01", "0001-01-01T00:00:00+14:00", "tomorrow", "2026-02-30", "", 12,
     True, [], "2026-11-01T25:00", 10**30, -1],
)  # fmt: skip
def test_what_is_no_time_of_our_age_is_refused(raw: object) -> None:
    read = instant_reader(["iso", "epoch_s", "epoch_ms"], SHANGHAI)

    with pytest.raises(Fault):
        read(raw)


def test_a_number_is_no_time_unless_the_channel_says_so() -> None:
    with pytest.raises(Fault):
        instant_reader(["iso"], SHANGHAI)(1793534403)


@pytest.mark.parametrize("pattern", ["%H:%M", "ISO", "%Y-%m", "%Y-%Q"])
def test_a_pattern_that_names_no_whole_day_is_a_problem(pattern: str) -> None:
    assert check_pattern(pattern)
