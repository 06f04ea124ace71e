"""The whole way: real processes, first submit to the last order at rest."""

from __future__ import annotations

import itertools
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf import duration_pb2

from orderhub.intake.v1 import intake_pb2 as intake_v1
from orderhub.orchestrator.v1 import orchestrator_pb2 as orchestrator_v1
from orderhub_client.addresses import SERVICES
from orderhub_client.run.progress import Silent
from orderhub_client.run.settle import wait_until_at_rest
from orderhub_client.run.submit import Submitter
from orderhub_client.scenario import payloads_for, scenario_for
from orderhub_client.scenario.put import put_scenario
from tests.bench import postgres
from tests.bench.canonical import CHANNEL, paid_orders
from tests.bench.data import marketplace
from tests.bench.disk import fsync_seconds
from tests.bench.figures import percentile, rate, ratio, spread
from tests.bench.processes import OURSELVES, Meter
from tests.bench.tables import NOTHING, Table, milliseconds, number, times
from tests.e2e.running import RunningHub, running_hub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orderhub_client.client import OrderHub

PATIENCE_S = 120.0
BATCH, IN_FLIGHT = 100, 4  # what `orderhub run` does if not told otherwise


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    orders: int
    idle_calls: int
    repeats: int


FULL, QUICK = Size(3000, 300, 3), Size(400, 60, 1)


@dataclass(frozen=True, slots=True)
class Run:
    """One run on one fresh hub."""

    accepted: int
    seconds: float
    cpu_s: Mapping[str, float]
    idle_s: Sequence[float]
    fsync_s: Sequence[float]

    @property
    def orders_per_s(self) -> float | None:
        """Accepted orders / (first submit → last at rest)."""
        return rate(self.accepted, self.seconds)


def measure(size: Size, *, limited: bool) -> list[Table]:
    """Return throughput, CPU and latency on every database at hand."""
    runs: dict[str, list[Run]] = {}
    with tempfile.TemporaryDirectory(prefix="orderhub-bench-") as folder:
        source, what = marketplace(Path(folder), size.orders)
        for name, repeat in itertools.product(_databases(), range(size.repeats)):
            place = Path(folder) / f"{name.split()[0]}-{repeat}"
            place.mkdir()
            limit = size.orders if limited else None
            runs.setdefault(name, []).append(_run(name, place, source, limit, size.idle_calls))
    return [_throughput(runs, what), _cpu(runs), _latency(runs, size.idle_calls)]


def _databases() -> Iterator[str]:
    yield "SQLite"
    version = postgres.answering()
    if version is not None:
        yield f"PostgreSQL {version}"


def _run(name: str, place: Path, source: Path, limit: int | None, idle_calls: int) -> Run:
    if name == "SQLite":
        with running_hub(place, "") as hub, hub.client() as client:
            return _measured(hub, client, "", source, limit, idle_calls)
    with (
        postgres.database() as url,
        running_hub(place, url) as hub,
        hub.client() as client,
    ):
        return _measured(hub, client, url, source, limit, idle_calls)


def _measured(
    hub: RunningHub, client: OrderHub, url: str, source: Path, limit: int | None, idle_calls: int
) -> Run:
    scenario = scenario_for(CHANNEL, source)
    assert scenario is not None
    put_scenario(client, scenario, patience_s=PATIENCE_S)
    payloads = list(itertools.islice(payloads_for(CHANNEL, source), limit))
    submitter = Submitter(
        client,
        CHANNEL,
        batch=BATCH,
        in_flight=IN_FLIGHT,
        patience_s=PATIENCE_S,
        progress=Silent(),
    )

    def roots() -> dict[str, list[int]]:
        found = {service: [hub.pid_of(service)] for service in SERVICES}
        return found | ({"database sessions": postgres.backends(url)} if url else {})

    meter = Meter(roots)
    began = time.monotonic()
    submitted = submitter.submit(payloads)
    wait_until_at_rest(client, CHANNEL, patience_s=PATIENCE_S, progress=Silent())
    seconds = time.monotonic() - began
    return Run(
        accepted=submitted.outcomes[intake_v1.SUBMIT_OUTCOME_ACCEPTED],
        seconds=seconds,
        cpu_s=meter.spent_s(),
        idle_s=_one_by_one(client, source, idle_calls),
        fsync_s=fsync_seconds(hub.data),
    )


def _one_by_one(client: OrderHub, source: Path, calls: int) -> list[float]:
    """Return the seconds of each ProcessOrder while nothing else is asked of the hub."""
    taken = []
    for order in paid_orders(source, calls, "idle"):
        request = orchestrator_v1.ProcessOrderRequest(
            request_id=order.external_order_id,
            order=order,
            wait=duration_pb2.Duration(seconds=30),
        )
        began = time.perf_counter()
        reply = client.call(client.orchestrator.ProcessOrder, request, patience_s=PATIENCE_S)
        taken.append(time.perf_counter() - began)
        assert reply.at_rest, reply
    return taken


def _throughput(runs: Mapping[str, Sequence[Run]], what: str) -> Table:
    table = Table(
        "End to end: orders through all four services",
        (
            "database",
            ">orders",
            ">seconds (median)",
            ">orders/s (median)",
            ">least",
            ">most",
            ">to the first row",
            ">fsync p50",
            ">fsync p99",
        ),
    )
    first: float | None = None
    for name, repeated in runs.items():
        speed = spread([run.orders_per_s or 0.0 for run in repeated])
        first = first or speed.median
        fsyncs = [seconds for run in repeated for seconds in run.fsync_s]
        table.add(
            name,
            number(repeated[0].accepted),
            number(spread([run.seconds for run in repeated]).median, 2),
            number(speed.median),
            number(speed.least),
            number(speed.most),
            times(ratio(speed.median, first)),
            milliseconds(percentile(fsyncs, 0.5), 2),
            milliseconds(percentile(fsyncs, 0.99), 2),
        )
    count = len(next(iter(runs.values())))
    table.notes.append(
        f"{what}; runs: {count}, each on a fresh hub of five processes (supervisor and four "
        f"services, load generator beside them); payloads in batches of {BATCH}, {IN_FLIGHT} calls "
        "in flight. Accepted orders / (first submit → last order at rest), route planning apart. "
        "fsync: appends of 4 KiB in the data folder, after the run."
    )
    return table


def _cpu(runs: Mapping[str, Sequence[Run]]) -> Table:
    names = [*SERVICES, "database sessions", OURSELVES]
    table = Table(
        "CPU per accepted order",
        ("database", *(f">{name}" for name in names), ">together"),
    )
    for name, repeated in runs.items():
        orders = sum(run.accepted for run in repeated)
        spent = {key: sum(run.cpu_s.get(key, 0.0) for run in repeated) for key in names}
        seen = {key for run in repeated for key in run.cpu_s}
        cells = [
            milliseconds(spent[key] / orders, 2) if key in seen and orders else NOTHING
            for key in names
        ]
        whole = milliseconds(sum(spent.values()) / orders, 2) if orders else NOTHING
        table.add(name, *cells, whole)
    table.notes.append(
        "User and system time of each service's process with its workers, over the same span; a "
        "database's background writers are not counted."
    )
    return table


def _latency(runs: Mapping[str, Sequence[Run]], calls: int) -> Table:
    table = Table(
        "ProcessOrder on an idle hub: submitted, judged, allocated, at rest",
        ("database", ">calls", ">p50", ">p95", ">p99", ">slowest"),
    )
    for name, repeated in runs.items():
        taken = [seconds for run in repeated for seconds in run.idle_s]
        shares = [milliseconds(percentile(taken, share)) for share in (0.5, 0.95, 0.99, 1.0)]
        table.add(name, number(len(taken)), *shares)
    table.notes.append(
        f"One call after another, {calls} a run, after the load of the run above; each waits until "
        "the order is at rest."
    )
    return table
