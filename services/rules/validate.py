"""Checks requests before anything is done with them: every fault at once, by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services._kit.errors import Violations
from services._kit.reasons import Reason
from services.rules.reasons import RulesReason

if TYPE_CHECKING:
    from orderhub.rules.v1 import rules_pb2 as rules_v1
    from services._kit.config import Config

MOST_ORDERS = 256
MOST_FILES = 500
MOST_WAIVERS = 500
MOST_COMMENT = 1_000  # bytes
MOST_REQUEST_ID = 128  # characters
MOST_MINOR = 10**15
LAST_SECOND = 253_402_300_799  # the end of the year 9999
FIRST_SECOND = -2_208_988_800  # 1900


def check_evaluate(request: rules_v1.EvaluateOrdersRequest, config: Config) -> None:
    """Raise `Malformed` unless the batch can be judged."""
    wrong = Violations()
    if not 1 <= len(request.orders) <= MOST_ORDERS:
        wrong.add(
            "orders", Reason.OUT_OF_RANGE, f"{len(request.orders)} orders; 1 to 256 are taken"
        )
        wrong.raise_if_any()
    seen = set()
    for index, asked in enumerate(request.orders):
        at, order = f"orders[{index}]", asked.order
        if not order.order_number:
            wrong.add(f"{at}.order.order_number", Reason.REQUIRED)
        if order.revision < 1:
            wrong.add(f"{at}.order.revision", Reason.REQUIRED, "a revision is 1 or more")
        if not order.channel:
            wrong.add(f"{at}.order.channel", Reason.REQUIRED)
        if not order.HasField("placed_at"):
            wrong.add(f"{at}.order.placed_at", Reason.REQUIRED)
        elif not FIRST_SECOND <= order.placed_at.seconds <= LAST_SECOND or not (
            0 <= order.placed_at.nanos < 1_000_000_000
        ):
            wrong.add(f"{at}.order.placed_at", Reason.OUT_OF_RANGE)
        if len(order.lines) > config.max_order_lines:
            wrong.add(f"{at}.order.lines", Reason.TOO_MANY)
        if len(asked.waived_rules) > MOST_WAIVERS:
            wrong.add(f"{at}.waived_rules", Reason.TOO_MANY)
        key = order.order_number, order.revision
        if key in seen:
            wrong.add(f"{at}.order.order_number", RulesReason.SAME_ORDER_TWICE)
        seen.add(key)
    wrong.raise_if_any()


def check_activate(request: rules_v1.ActivateRulebookRequest) -> None:
    """Raise `Malformed` unless the request names one rulebook."""
    wrong = Violations()
    if not request.request_id:
        wrong.add("request_id", Reason.REQUIRED)
    if len(request.request_id) > MOST_REQUEST_ID:
        wrong.add("request_id", Reason.TOO_LONG)
    if len(request.comment.encode()) > MOST_COMMENT:
        wrong.add("comment", Reason.TOO_LONG)
    if bool(request.files) == bool(request.hash):
        wrong.add("files", Reason.REQUIRED, "give either files or the hash of a stored rulebook")
    _check_files(request.files, wrong)
    wrong.raise_if_any()


def check_files(request: rules_v1.CheckRulebookRequest) -> None:
    """Raise `Malformed` unless the request holds files, each path once."""
    wrong = Violations()
    if not request.files:
        wrong.add("files", Reason.REQUIRED)
    _check_files(request.files, wrong)
    wrong.raise_if_any()


def _check_files(files: object, wrong: Violations) -> None:
    paths = [file.path for file in files]  # type: ignore[attr-defined]  # a repeated RulebookFile
    if len(paths) > MOST_FILES:
        wrong.add("files", Reason.TOO_MANY)
    for index, path in enumerate(paths[:MOST_FILES]):
        if path in paths[:index]:
            wrong.add(f"files[{index}].path", Reason.MALFORMED, "a path stands twice")
