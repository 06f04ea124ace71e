"""One run: scenario, submits, outcomes, plans."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub_client.run.plans import own_fleet_days, plan_days
from orderhub_client.run.settle import wait_until_at_rest
from orderhub_client.run.submit import Submitter
from orderhub_client.run.summary import Routes, Summary, routes_of, summarise
from orderhub_client.scenario import DEFAULT_SEED, payloads_for, scenario_for
from orderhub_client.scenario.put import put_scenario

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orderhub_client.client import OrderHub
    from orderhub_client.run.plans import Day
    from orderhub_client.run.progress import Progress
    from orderhub_client.run.submit import Refused

PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a source is taken through.

    Attributes
    ----------
    limit
        Only the first so many payloads; `None`: all. The scenario is that of all in any case.
    plan_day
        Day to plan routes for where the source has no scenario, `YYYY-MM-DD`; empty: none.
    """

    source: str
    path: Path
    limit: int | None = None
    batch: int = 100
    in_flight: int = 4
    scenario_seed: int = DEFAULT_SEED
    plan: bool = True
    plan_seconds: int = 5
    plan_day: str = ""
    patience_s: float = PATIENCE_S


def run_source(
    hub: OrderHub, options: RunOptions, progress: Progress
) -> tuple[Summary, Sequence[Refused]]:
    """Take a source through the hub and wait for its outcomes.

    Safe to repeat, and to break off and begin again: what is known already counts as duplicate.

    Returns
    -------
    tuple
        The figures, and what the hub refused outright.

    Raises
    ------
    SourceError
        When the source cannot be read.
    OrderHubError, StuckError
        When the hub is away, or does nothing, for longer than `patience_s`.
    """
    progress.stage("scenario")
    scenario = scenario_for(options.source, options.path, options.scenario_seed)
    if scenario is not None:
        put_scenario(hub, scenario, patience_s=options.patience_s)

    progress.stage("orders")
    payloads = payloads_for(options.source, options.path, options.scenario_seed)
    submitter = Submitter(
        hub,
        options.source,
        batch=options.batch,
        in_flight=options.in_flight,
        patience_s=options.patience_s,
        progress=progress,
    )
    begun = time.monotonic()
    submitted = submitter.submit(itertools.islice(payloads, options.limit))
    counts = wait_until_at_rest(
        hub, options.source, patience_s=options.patience_s, progress=progress
    )
    seconds = time.monotonic() - begun

    routes = Routes()
    day = scenario.planning_day if scenario is not None else options.plan_day
    if options.plan and day:
        progress.stage("routes")
        warehouse_ids = (
            [w.warehouse_id for w in scenario.warehouses] if scenario else _all_warehouses(hub)
        )
        context = scenario.digest() if scenario else ""
        days = own_fleet_days(hub, warehouse_ids, day, context)
        routes = _routes(hub, days, options, progress)
    summary = summarise(
        options.source,
        submitted,
        counts=counts,
        seconds=seconds,
        routes=routes,
        scenario=scenario.stated() if scenario is not None else None,
    )
    return summary, submitted.refused


def _routes(hub: OrderHub, days: Sequence[Day], options: RunOptions, progress: Progress) -> Routes:
    begun = time.monotonic()
    plans = plan_days(
        hub,
        days,
        budget_s=options.plan_seconds,
        patience_s=options.patience_s,
        progress=progress,
    )
    return routes_of(plans, time.monotonic() - begun)


def _all_warehouses(hub: OrderHub) -> list[str]:
    found = hub.pages(
        hub.inventory.ListWarehouses, inventory_v1.ListWarehousesRequest(), "warehouses"
    )
    return [warehouse.warehouse_id for warehouse in found]
