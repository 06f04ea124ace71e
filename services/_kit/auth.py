"""Who calls, and what that role may call."""

from __future__ import annotations

import contextvars
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import unquote

from services._kit.errors import Forbidden, Unauthenticated
from services._kit.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime

ROLE_KEY, ACTOR_KEY = "x-orderhub-role", "x-orderhub-actor"
URI_PREFIX = "urn:orderhub:"  # then role:actor, in a certificate's URI SAN
MAX_ACTOR = 64


class Role(StrEnum):
    """What callers are to us."""

    ADMIN = "admin"
    OPERATOR = "operator"
    CHANNEL = "channel"
    PLANNER = "planner"
    RISK = "risk"
    RISK_APPROVER = "risk_approver"
    SERVICE = "service"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a call.

    Attributes
    ----------
    id
        The actor's name; for the channel role, the channel's.
    authenticated
        False when we took the caller's word for it, which only loopback allows.
    """

    id: str
    role: Role
    authenticated: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """One row of the authorisation table.

    Attributes
    ----------
    roles
        Who may call; everybody else is refused.
    mutates
        Whether the call changes anything; such calls are audited.
    batch
        Whether the larger message cap applies.
    """

    roles: frozenset[Role]
    mutates: bool = False
    batch: bool = False


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One accepted call that changes something."""

    at: datetime
    method: str
    principal: Principal
    tracking_id: str
    outcome: str  # name of the gRPC status code
    reason: str = ""


if TYPE_CHECKING:
    Access = Mapping[str, Grant]
    AuditSink = Callable[[AuditEntry], Awaitable[None]]

LOCAL = Principal("local", Role.OPERATOR, authenticated=False)
_current: contextvars.ContextVar[Principal] = contextvars.ContextVar("principal", default=LOCAL)


def current_principal() -> Principal:
    """Return who makes the call being served."""
    return _current.get()


def set_principal(principal: Principal) -> None:
    """Note who makes the call being served; for the interceptor and for tests."""
    _current.set(principal)


def from_metadata(metadata: Mapping[str, str]) -> Principal:
    """Return who the caller says it is; good enough on loopback only.

    Raises
    ------
    Forbidden
        When the role is not one of ours.
    """
    given = metadata.get(ROLE_KEY, LOCAL.role)
    try:
        role = Role(given)
    except ValueError:
        raise Forbidden(Reason.UNKNOWN_ROLE, f"{ROLE_KEY} is not one of {_names(Role)}") from None
    return Principal(metadata.get(ACTOR_KEY, LOCAL.id)[:MAX_ACTOR], role, authenticated=False)


def from_certificate(names: Iterable[str]) -> Principal:
    """Return whom a checked certificate names in a URI like `urn:orderhub:service:intake`.

    Raises
    ------
    Unauthenticated
        When none of `names`, the certificate's alternative names, is such a URI.
    """
    for name in names:
        role, _, actor = name.removeprefix(URI_PREFIX).partition(":")
        if name.startswith(URI_PREFIX) and role in set(Role) and actor:
            return Principal(unquote(actor)[:MAX_ACTOR], Role(role), authenticated=True)
    raise Unauthenticated(
        Reason.NO_IDENTITY, f"the certificate has no URI name {URI_PREFIX}<role>:<actor>"
    )


def authorise(access: Access, method: str, principal: Principal) -> Grant:
    """Return the grant under which `principal` may call `method`.

    Raises
    ------
    Forbidden
        When the method is not in the table, or the role is not in its row.
    """
    grant = access.get(method)
    if grant is None or principal.role not in grant.roles:
        raise Forbidden(
            Reason.FORBIDDEN,
            f"role {principal.role.value} may not call {method}",
            role=principal.role.value,
            method=method,
        )
    return grant


def _names(roles: Iterable[Role]) -> str:
    return ", ".join(sorted(role.value for role in roles))
