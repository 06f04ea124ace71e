"""All commands together."""

from __future__ import annotations

import typer

from orderhub_client.cli import (
    demo,
    events,
    exceptions,
    holds,
    masterdata,
    orders,
    plans,
    quarantine,
    rules,
    runs,
    serving,
    stock,
    submitting,
)

EXIT_CODES = (
    "Exit codes: 0 done; 1 the answer is no, or problems were found; 2 wrong usage or bad input; "
    "3 the hub cannot be reached; 4 the hub refused; 130 stopped by Ctrl-C."
)

app = typer.Typer(
    name="orderhub",
    help="Take orders in, follow them, and work on what needs a person.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

for module in (runs, submitting, demo, serving):
    module.add_to(app)
for name, group in {
    "orders": orders.app,
    "holds": holds.app,
    "exceptions": exceptions.app,
    "quarantine": quarantine.app,
    "stock": stock.app,
    "skus": masterdata.skus,
    "warehouses": masterdata.warehouses,
    "vehicles": masterdata.vehicles,
    "plan": plans.app,
    "rules": rules.app,
    "events": events.app,
}.items():
    app.add_typer(group, name=name)
