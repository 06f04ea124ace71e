"""The tables: made by the migration as declared, and balanced by the database itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from services._kit.migrations import drift
from services.fulfilment.routing.store import TABLE as ROUTE_PLAN
from services.fulfilment.store import STOCK_COLUMNS, metadata
from tests.unit.fulfilment.desk import receipt, sku, warehouse

if TYPE_CHECKING:
    from tests.unit.fulfilment.desk import Desk


def test_the_migration_makes_what_is_declared(desk: Desk) -> None:
    assert ROUTE_PLAN.metadata is metadata
    assert drift(desk.database.engine, metadata) == []


@pytest.mark.parametrize("column", STOCK_COLUMNS)
def test_the_database_refuses_a_ledger_that_does_not_balance(desk: Desk, column: str) -> None:
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())
    desk.receive("r1", receipt(quantity=3))
    stock = metadata.tables["stock"]

    with pytest.raises(IntegrityError):
        desk.run(lambda c: c.execute(stock.update().values({column: stock.c[column] + 1})))


def test_the_database_refuses_to_oversell(desk: Desk) -> None:
    desk.put_skus(sku())
    desk.put_warehouses(warehouse())
    desk.receive("r1", receipt(quantity=3))
    stock = metadata.tables["stock"]

    with pytest.raises(IntegrityError):
        desk.run(lambda c: c.execute(stock.update().values(available=-1, reserved=4)))
