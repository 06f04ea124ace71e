"""What is kept aside with a reason, once for each business key and content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from services._kit.masking import masked_text
from services._kit.reasons import text_of
from services.intake import store
from services.intake.book import insert_into
from services.intake.mapped import LocalizedText, Unmappable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from services.intake.reasons import IntakeReason


class Quarantine:
    """Collects what one transaction keeps aside.

    Parameters
    ----------
    key
        Keys the ids: they are hashes of payloads.
    """

    def __init__(self, connection: Connection, key: bytes) -> None:
        self._connection = connection
        self._key = key
        self._rows: dict[str, dict[str, Any]] = {}

    def keep(
        self,
        *,
        channel: str,
        shop: str,
        external_order_id: str,
        why: Unmappable,
        payload: bytes,
        at_us: int,
    ) -> str:
        """Keep `payload` aside and return its id; the same payload again has the same id."""
        name = "\x1f".join((channel, shop, external_order_id)).encode()
        digest = hashlib.blake2b(name + b"\x1f" + payload, key=self._key, digest_size=12)
        quarantine_id = f"Q-{digest.hexdigest()}"
        self._rows.setdefault(
            quarantine_id,
            {
                "quarantine_id": quarantine_id,
                "channel": channel,
                "shop": shop,
                "external_order_id": external_order_id,
                "reason": why.reason,
                "field": why.field,
                "received_us": at_us,
                # It may echo what stood in the field, and lists show it to everybody.
                "zh": masked_text(why.message.zh),
                "en": masked_text(why.message.en),
                "payload": payload,
            },
        )
        return quarantine_id

    def flush(self) -> None:
        """Write what is new; what is known stays as it is."""
        if self._rows:
            statement = insert_into(self._connection, store.quarantine).on_conflict_do_nothing()
            self._connection.execute(statement, list(self._rows.values()))


def why_aside(reason: IntakeReason, field: str = "", **facts: str) -> Unmappable:
    """Return why something that could be read is kept aside."""
    text = text_of(reason)
    return Unmappable(
        reason.value, field, LocalizedText(text.zh.format(**facts), text.en.format(**facts))
    )
