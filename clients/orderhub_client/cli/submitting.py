"""`orderhub submit`: hand in one file of orders."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import AnswerIsNo
from orderhub_client.cli.language import said
from orderhub_client.cli.values import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub_client.client import OrderHub
    from orderhub_client.sources.payload import Payload

BATCH = 100
POLL_S = 0.2


def add_to(app: typer.Typer) -> None:
    """Add the command of this file."""
    command(
        app,
        "submit",
        examples=[
            "submit order.json",
            "submit orders.csv --channel generic_csv --wait 10",
            "submit - --json < orders.jsonl",
        ],
    )(submit)


def submit(
    desk: Desk,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|-",
            help="A JSON array, one object or an object per line; for generic_csv, online_retail "
            "and olist also their own files. `-` reads JSON from stdin.",
        ),
    ],
    channel: Annotated[
        str, typer.Option("--channel", help="Whose payloads they are.")
    ] = "generic_json",
    shop: Annotated[str, typer.Option("--shop", help="The shop, if payloads do not say.")] = "",
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Wait at most so many seconds for outcomes.")
    ] = 0.0,
) -> None:
    """Submit orders and say what became of each; exit code 1 where one was not taken in."""
    payloads = list(_payloads(file, channel))  # nothing is sent of a file with a fault
    results = list(_submitted(desk.hub, channel, shop, payloads))
    states = _states(desk.hub, results, wait) if wait else {}
    _print(desk, results, states)
    if any(_kept_out(result) for result in results):
        raise AnswerIsNo


def _payloads(file: Path, channel: str) -> Iterator[Payload]:
    from orderhub_client.sources import SOURCES, generic_json, read_source
    from orderhub_client.sources.text import decoded_lines

    if str(file) == "-":
        lines = decoded_lines(sys.stdin.buffer, Path("stdin"))
        return generic_json.payloads_of(lines, Path("stdin"), channel)
    if channel in SOURCES and file.suffix.lower() not in {".json", ".jsonl", ".ndjson"}:
        return read_source(channel, file)
    return generic_json.payloads(file, channel)


def _submitted(
    hub: OrderHub, channel: str, shop: str, payloads: list[Payload]
) -> Iterator[intake_v1.SubmitResult]:
    from orderhub_client.client import new_request_id
    from orderhub_client.run.batches import batches
    from orderhub_client.run.sending import Numbered, send

    numbered = (Numbered(new_request_id(), payload) for payload in payloads)
    for batch in batches(numbered, BATCH):
        yield from send(hub, channel, batch, shop=shop)


def _states(hub: OrderHub, results: list[intake_v1.SubmitResult], wait_s: float) -> dict[str, str]:
    """Return the orders' states once they are at rest, or as they are when time is over."""
    from orderhub.intake.v1 import record_pb2 as record_v1

    end = time.monotonic() + wait_s
    states: dict[str, str] = {}
    for number in dict.fromkeys(r.order_number for r in results if r.order_number):
        record = hub.get_order(number)
        while record.work and time.monotonic() < end:
            time.sleep(POLL_S)
            record = hub.get_order(number)
        states[number] = named(record_v1.OrderState, record.state)
    return states


def _print(desk: Desk, results: list[intake_v1.SubmitResult], states: dict[str, str]) -> None:
    from orderhub.intake.v1 import intake_pb2 as intake_v1
    from orderhub_client.cli import output
    from orderhub_client.plain import plain

    if desk.as_json:
        output.print_json(
            [plain(r) | ({"state": states.get(r.order_number)} if states else {}) for r in results]
        )
        return
    desk.show(
        results,
        ["outcome", "order", "state", "reason", "field", "why"],
        lambda r: (
            named(intake_v1.SubmitOutcome, r.outcome),
            r.order_number or r.quarantine_id,
            states.get(r.order_number, ""),
            r.reason,
            r.field,
            said(r.message) or r.error.message,
        ),
        "There was nothing to submit.",
    )


def _kept_out(result: intake_v1.SubmitResult) -> bool:
    from orderhub.intake.v1 import intake_pb2 as intake_v1

    return result.outcome in {
        intake_v1.SUBMIT_OUTCOME_QUARANTINED,
        intake_v1.SUBMIT_OUTCOME_REFUSED,
    }
