"""Any one service killed with -9 in the middle of a run: nothing lost, nothing doubled."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orderhub.intake.v1 import intake_pb2 as intake_v1
from tests.e2e import invariants, olist_like
from tests.e2e.running import RunningHub, orderhub, running_hub, until

if TYPE_CHECKING:
    from pathlib import Path

    from orderhub_client.client import OrderHub

ORDERS = 300
RUN = ("--batch", "10", "--plan-seconds", "1", "--json")


def in_the_middle(client: OrderHub, hub: RunningHub) -> None:
    """Wait until a quarter of the orders is in and some of them are still being worked on."""

    def begun() -> bool:
        counts = client.call(
            client.intake.CountOrders, intake_v1.CountOrdersRequest(channel="olist")
        )
        return bool(counts.orders >= ORDERS // 4 and counts.orders < ORDERS)

    until(begun, hub)


@pytest.mark.parametrize("service", ["intake", "rules", "fulfilment", "orchestrator"])
def test_a_run_survives_the_kill_of_one_service(
    service: str, database_url: str, tmp_path: Path
) -> None:
    source = olist_like.write(tmp_path / "olist", ORDERS)
    with running_hub(tmp_path, database_url) as hub, hub.client() as client:
        run = orderhub(hub, "run", "--source", "olist", str(source), *RUN)
        in_the_middle(client, hub)

        hub.kill(service)

        out, err = run.communicate(timeout=150)
        assert run.returncode == 0, err + hub.log.read_text()[-6000:]
        summary = json.loads(out)
        assert summary["orders_in"] == ORDERS
        assert summary["accepted"] + summary["duplicates"] == ORDERS
        assert sum(summary["by_state"].values()) == ORDERS
        invariants.check(client, "olist", ORDERS)


def test_a_second_run_takes_nothing_in_and_moves_no_stock(
    database_url: str, tmp_path: Path
) -> None:
    source = olist_like.write(tmp_path / "olist", 120)
    with running_hub(tmp_path, database_url) as hub, hub.client() as client:
        summaries = []
        for _ in range(2):
            run = orderhub(hub, "run", "--source", "olist", str(source), *RUN)
            out, err = run.communicate(timeout=150)
            assert run.returncode == 0, err
            summaries.append(json.loads(out))
            invariants.check(client, "olist", 120)

    first, second = summaries
    assert first["accepted"] == 120
    assert (second["accepted"], second["updated"], second["duplicates"]) == (0, 0, 120)
    for key in ("by_state", "by_reason", "events", "allocation"):
        assert second[key] == first[key]
