"""Intake alone: acknowledged and durable."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.intake.v1 import intake_pb2_grpc as intake_grpc_v1
from orderhub_client.channel import caller_metadata, open_aio_channel
from tests.bench import postgres
from tests.bench.canonical import paid_orders
from tests.bench.data import REPO, marketplace
from tests.bench.figures import percentile, rate, ratio
from tests.bench.processes import Meter
from tests.bench.tables import Table, milliseconds, number, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orderhub.common.v1 import order_pb2 as order_v1

METADATA = caller_metadata(role="admin")
START_S = 60.0
WAYS = ((1, 1), (1, 64), (50, 4))  # orders of a call, calls in flight


@dataclass(frozen=True, slots=True)
class Size:
    """How many orders each way takes in; one call after another takes a tenth."""

    orders: int


FULL, QUICK = Size(4000), Size(500)


def measure(size: Size) -> list[Table]:
    """Return rate and latency of submits, single and in batches."""
    table = Table(
        "Intake alone: acknowledged after commit",
        (
            "database",
            ">orders a call",
            ">calls in flight",
            ">orders/s",
            ">to one by one",
            ">p50",
            ">p95",
            ">p99",
            ">intake's CPU an order",
        ),
        notes=["Canonical orders, each accepted once; latency is that of a call."],
    )
    version = postgres.answering()
    with tempfile.TemporaryDirectory(prefix="orderhub-bench-") as folder:
        source, _ = marketplace(Path(folder), size.orders + size.orders // 20)
        place = Path(folder)
        _measure_on(table, "SQLite", "", place / "sqlite", source, size)
        if version is not None:
            with postgres.database() as url:
                _measure_on(table, f"PostgreSQL {version}", url, place / "pg", source, size)
    return [table]


def _measure_on(table: Table, name: str, url: str, place: Path, source: Path, size: Size) -> None:
    first: float | None = None
    with _served(place, url) as (address, pid):
        asyncio.run(_submit(address, paid_orders(source, 50, "warm"), 50, 1))
        for batch, in_flight in WAYS:
            share = 10 if in_flight == 1 else 1
            orders = paid_orders(source, size.orders // share, f"{batch}x{in_flight}")
            meter = Meter(lambda: {"intake": [pid]})
            began = time.perf_counter()
            taken = asyncio.run(_submit(address, orders, batch, in_flight))
            speed = rate(len(orders), time.perf_counter() - began)
            cpu_s = meter.spent_s().get("intake")
            first = first or speed
            table.add(
                name,
                number(batch),
                number(in_flight),
                number(speed),
                times(ratio(speed, first)),
                *(milliseconds(percentile(taken, share)) for share in (0.5, 0.95, 0.99)),
                milliseconds(None if cpu_s is None else cpu_s / len(orders), 3),
            )


async def _submit(
    address: str, orders: Sequence[order_v1.Order], batch: int, in_flight: int
) -> list[float]:
    """Return the seconds of each call."""
    calls = iter(range(0, len(orders), batch))
    taken: list[float] = []
    async with open_aio_channel(address) as channel:
        stub = intake_grpc_v1.IntakeServiceStub(channel)

        async def work() -> None:
            for begin in calls:
                part = orders[begin : begin + batch]
                began = time.perf_counter()
                outcomes = await _call(stub, part)
                taken.append(time.perf_counter() - began)
                if any(outcome != intake_v1.SUBMIT_OUTCOME_ACCEPTED for outcome in outcomes):
                    raise RuntimeError("an order was not accepted; the figures would mean nothing")

        await asyncio.gather(*(work() for _ in range(in_flight)))
    return taken


async def _call(
    stub: intake_grpc_v1.IntakeServiceStub, orders: Sequence[order_v1.Order]
) -> list[int]:
    if len(orders) == 1:
        request = intake_v1.SubmitOrderRequest(
            request_id=orders[0].external_order_id, order=orders[0]
        )
        reply = await stub.SubmitOrder(request, metadata=METADATA, timeout=30)
        return [reply.result.outcome]
    batch = intake_v1.SubmitOrdersRequest(
        orders=[
            intake_v1.OrderToSubmit(request_id=order.external_order_id, order=order)
            for order in orders
        ]
    )
    answers = await stub.SubmitOrders(batch, metadata=METADATA, timeout=30)
    return [result.outcome for result in answers.results]


@contextlib.contextmanager
def _served(place: Path, url: str) -> Iterator[tuple[str, int]]:
    """Yield address and process id of an intake that runs alone."""
    place.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (place / "intake.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "services", "intake", "--data-dir", str(place / "data")],
            env=os.environ
            | {
                "PYTHONPATH": os.pathsep.join([str(REPO), str(REPO / "clients")]),
                "ORDERHUB_DATABASE_URL": url,
                "ORDERHUB_PORTS": f"intake={port}",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=REPO,
        )
        try:
            address = f"127.0.0.1:{port}"
            with grpc.insecure_channel(address) as channel:
                grpc.channel_ready_future(channel).result(START_S)
            yield address, process.pid
        finally:
            process.terminate()
            process.wait(30)
