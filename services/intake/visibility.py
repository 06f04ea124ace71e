"""Who sees what: a channel its own orders only, personal data those who work with it."""

from __future__ import annotations

from services._kit.auth import Role, current_principal
from services._kit.errors import Forbidden, NotFound
from services._kit.reasons import Reason
from services.intake.reasons import IntakeReason

SEE_PERSONAL = frozenset({Role.ADMIN, Role.OPERATOR, Role.SERVICE, Role.CHANNEL})


def own_channel() -> str | None:
    """Return the channel the caller is confined to; `None` for staff and services."""
    principal = current_principal()
    return principal.id if principal.role is Role.CHANNEL else None


def request_scope() -> str:
    """Return whose request ids the caller's are: a channel never meets another's answers."""
    return own_channel() or ""


def require_own(channel: str, field: str) -> None:
    """Raise `Forbidden` where a channel submits for another one."""
    own = own_channel()
    if own is not None and own != channel:
        raise Forbidden(IntakeReason.FOREIGN_CHANNEL, field=field)


def hide_foreign(channel: str, field: str) -> None:
    """Raise `NotFound` where a channel asks for another's order: it may not learn of it."""
    own = own_channel()
    if own is not None and own != channel:
        raise NotFound(Reason.NOT_FOUND, "no such order", field=field)


def require_personal(field: str) -> None:
    """Raise `Forbidden` where the caller may not see personal data."""
    if current_principal().role not in SEE_PERSONAL:
        raise Forbidden(IntakeReason.PERSONAL_DATA, field=field)
