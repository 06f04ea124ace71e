"""The lines of a payload: doubles dropped, rules applied, SKUs translated, equal lines merged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.intake.mapping.linerun import Collected, LineRun
from services.intake.mapping.reasons import Fault, MappingReason, bad_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.intake.mapping.fields import Field
    from services.intake.mapping.paths import Path
    from services.intake.mapping.rulesets import FirstRule
    from services.intake.mapping.skus import Resolve, SkuOf

MOST_LINES = 500
MOST_ROWS = 20_000  # a payload with more rows is no order, and not worth the time


_UNLIKE = object()


@dataclass(frozen=True, slots=True)
class Lines:
    """How the lines of a channel are read.

    Attributes
    ----------
    each
        Where the list of rows may stand; the first that is there counts.
    same
        Paths that must say the same in every row.
    drop_doubles
        Rows exactly equal to an earlier one are dropped.
    merge
        Lines of one SKU at one price become one, quantities added.
    order_rule, cancellation_rule
        The first rule that applies to a row of an order, of a cancellation.
    texts
        (name on the wire, field) of what is copied as it is.
    reads
        Paths that rules and comparisons read, for people.
    """

    each: Sequence[Path]
    same: Sequence[Path]
    drop_doubles: bool
    merge: bool
    most: int
    order_rule: FirstRule
    cancellation_rule: FirstRule
    sku: Field
    resolve: Resolve
    quantity: Field
    price: Field | None
    discount: Field | None
    texts: Sequence[tuple[str, Field]]
    reads: frozenset[str] = frozenset()

    def rows(self, root: Any) -> tuple[str, list[Any]]:
        """Return where the rows of the payload stand, and the rows; none is a fault."""
        found = ((path.text, path.get(root, root)) for path in self.each)
        where, rows = next(((at, rows) for at, rows in found if rows is not None), ("", None))
        if rows is None:
            raise Fault(MappingReason.NO_LINES, self.each[0].text)
        if type(rows) is not list:
            raise _at(where, bad_value("应为列表", "a list is expected"))
        if len(rows) > MOST_ROWS:
            count = str(len(rows))
            raise Fault(MappingReason.TOO_MANY_LINES, where, count, count)
        return where, rows

    def collect(
        self,
        root: Any,
        exponent: int,
        sku_of: SkuOf,
        *,
        cancelling: bool = False,
        note: Callable[[int, str], None] | None = None,
    ) -> Collected:
        """Return what the rows of `root` come to.

        Parameters
        ----------
        exponent
            Decimals of the order's currency.
        cancelling
            The payload calls pieces off: quantities are written negative.
        note
            Told of each row and what became of it, for people.

        Raises
        ------
        Fault
            At the first row that cannot be taken, its path naming the row.
        """
        each, rows = self.rows(root)
        run = LineRun(self, root, exponent, sku_of, cancelling)
        seen: set[Any] = set()
        head = rows[0] if rows and type(rows[0]) is dict else {}
        same = [(path, path.get(head, root), head.get(path.text, _UNLIKE)) for path in self.same]
        names = list(head)
        for index, row in enumerate(rows):
            where = f"{each}[{index}]"
            if type(row) is not dict:
                raise _at(where, bad_value("应为对象", "an object is expected"))
            if self.drop_doubles:
                key = _identity(row, names)
                if key in seen:
                    if note:
                        note(index, "dropped: an exact double")
                    continue
                seen.add(key)
            try:
                if same and index:
                    _check_same(same, row, root)
                said = run.take(row)
            except Fault as fault:
                raise fault.within(where) from None
            if note:
                note(index, said)
        if not run.collected.lines:
            raise Fault(MappingReason.NO_LINES, each)
        if len(run.collected.lines) > self.most:
            count = str(len(run.collected.lines))
            raise Fault(MappingReason.TOO_MANY_LINES, each, count, count)
        return run.collected


def _check_same(same: list[tuple[Path, Any, Any]], row: Any, root: Any) -> None:
    for path, first, written in same:
        if row.get(path.text) != written and path.get(row, root) != first:
            raise _at(path.text, bad_value("与首行不一致", "it differs from the first row's"))


def _identity(row: dict[str, Any], names: list[str]) -> Any:
    """Return what equal rows have in common; `names` are the first row's, in its order."""
    try:
        key: Any
        if list(row) == names:  # as in every table
            key = tuple(row.values())
        elif row.keys() == set(names):
            key = tuple(map(row.get, names))
        else:
            key = frozenset(row.items())
        hash(key)
        return key
    except TypeError:  # a nested value
        return json.dumps(row, sort_keys=True, default=str)


def _at(path: str, fault: Fault) -> Fault:
    fault.path = path
    return fault
