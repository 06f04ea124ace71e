"""Watching a plan ends: with the plan, or with a sentence where no news comes."""

from __future__ import annotations

import contextlib
from concurrent import futures
from typing import TYPE_CHECKING

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.fulfilment.v1 import routing_pb2_grpc as routing_grpc_v1
from orderhub_client.cli import main, plans

if TYPE_CHECKING:
    from collections.abc import Generator


class Routing(routing_grpc_v1.RoutingServiceServicer):
    """Ends every watch at once; the plan is done when it has been read `reads` times."""

    def __init__(self, reads: int, *, gets_better: bool = False) -> None:
        self.reads_left = reads
        self.gets_better = gets_better
        self.watches = 0

    def GetPlan(self, request, context):
        self.reads_left -= 1
        done = self.reads_left <= 0
        state = routing_v1.PLAN_STATE_DONE if done else routing_v1.PLAN_STATE_RUNNING
        plan = routing_v1.RoutePlan(plan_id=request.plan_id, state=state)
        if self.gets_better:
            plan.cost = 1000 + self.reads_left
        return routing_v1.GetPlanResponse(plan=plan)

    def WatchPlan(self, request, context):
        self.watches += 1
        return iter(())


@contextlib.contextmanager
def served(routing: Routing) -> Generator[str]:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    routing_grpc_v1.add_RoutingServiceServicer_to_server(routing, server)
    well = health.HealthServicer()
    well.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(well, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    here = f"127.0.0.1:{port}"
    try:
        yield f"intake={here},rules={here},fulfilment={here},orchestrator={here}"
    finally:
        server.stop(None).wait()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses made, which take no time."""
    made: list[float] = []
    monkeypatch.setattr("orderhub_client.cli.plans.time.sleep", made.append)
    return made


def test_a_plan_without_news_is_given_up_with_a_sentence(pauses, capsys) -> None:
    routing = Routing(reads=10**6)

    with served(routing) as hub:
        code = main(["plan", "watch", "P-1", "--hub", hub])

    said = capsys.readouterr().err
    assert code == 1
    assert "Plan P-1 is running, but the hub sends no news of it." in said
    assert "orderhub plan show P-1" in said
    assert tuple(pauses) == plans.PAUSES_S
    assert routing.watches == len(plans.PAUSES_S) + 1


def test_a_broken_watch_is_begun_again_until_the_plan_is_at_rest(pauses) -> None:
    routing = Routing(reads=5)

    with served(routing) as hub:
        code = main(["plan", "watch", "P-1", "--hub", hub, "--json"])

    assert code == 0
    assert tuple(pauses) == plans.PAUSES_S[:3]


def test_a_plan_that_gets_better_is_watched_on(pauses) -> None:
    routing = Routing(reads=40, gets_better=True)

    with served(routing) as hub:
        code = main(["plan", "watch", "P-1", "--hub", hub, "--json"])

    assert code == 0
    assert set(pauses) == {plans.PAUSES_S[0]}
