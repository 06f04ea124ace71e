"""The authorisation table: every method of every service, and the roles that may call it.

Data only. A method that is served and not listed here stops the server from being built.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from services._kit.auth import Grant, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERYBODY = frozenset(Role)
STAFF = EVERYBODY - {Role.CHANNEL, Role.SERVICE}
INSIDE = EVERYBODY - {Role.CHANNEL}
DESK = frozenset({Role.ADMIN, Role.OPERATOR})
PEERS = frozenset({Role.ADMIN, Role.SERVICE})
SELLERS = frozenset({Role.ADMIN, Role.OPERATOR, Role.CHANNEL, Role.SERVICE})
STOCKKEEPERS = frozenset({Role.ADMIN, Role.OPERATOR, Role.SERVICE})
PLANNERS = frozenset({Role.ADMIN, Role.OPERATOR, Role.PLANNER, Role.SERVICE})
REVIEWERS = frozenset({Role.ADMIN, Role.OPERATOR, Role.RISK, Role.RISK_APPROVER})
AUTHORS = frozenset({Role.ADMIN, Role.RISK, Role.RISK_APPROVER})
APPROVERS = frozenset({Role.ADMIN, Role.RISK_APPROVER})


def reads(roles: frozenset[Role]) -> Grant:
    """Return the grant of a method that changes nothing."""
    return Grant(roles)


def changes(roles: frozenset[Role]) -> Grant:
    """Return the grant of a method that changes something."""
    return Grant(roles, mutates=True)


def batch(roles: frozenset[Role], *, mutates: bool = True) -> Grant:
    """Return the grant of a method that takes many at once, under the larger cap."""
    return Grant(roles, mutates=mutates, batch=True)


INFRASTRUCTURE = {
    "/grpc.health.v1.Health/Check": reads(EVERYBODY),
    "/grpc.health.v1.Health/Watch": reads(EVERYBODY),
    "/grpc.health.v1.Health/List": reads(EVERYBODY),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": reads(EVERYBODY),
}

INTAKE = {
    "SubmitOrder": changes(SELLERS),
    "SubmitOrders": batch(SELLERS),
    "SubmitPayloads": batch(SELLERS),
    "GetOrder": reads(EVERYBODY),
    "ListOrders": reads(EVERYBODY),
    "CountOrders": reads(EVERYBODY),
    "CancelOrder": changes(SELLERS),
    "RecordPayment": changes(SELLERS),
    "ListHolds": reads(INSIDE),
    "ReleaseHold": changes(REVIEWERS),
    "ListOrderEvents": reads(EVERYBODY),
    "WatchEvents": reads(PEERS | STAFF),
    "ListQuarantined": reads(SELLERS | STAFF),
    "PutSkuMappings": batch(STOCKKEEPERS),
    "ListSkuMappings": reads(INSIDE),
    "ClaimOrders": changes(PEERS),
    "RenewClaim": changes(PEERS),
    "FinishBatch": batch(PEERS),
}

RULES = {
    "EvaluateOrders": batch(PEERS | AUTHORS, mutates=False),
    "GetDecision": reads(INSIDE),
    "CheckRulebook": batch(INSIDE, mutates=False),
    "ActivateRulebook": batch(APPROVERS),
    "ListRulebooks": reads(INSIDE),
}

INVENTORY = {
    "PutSkus": batch(STOCKKEEPERS),
    "ListSkus": reads(INSIDE),
    "PutWarehouses": batch(STOCKKEEPERS),
    "ListWarehouses": reads(INSIDE),
    "PutVehicles": batch(PLANNERS),
    "ListVehicles": reads(INSIDE),
    "ReceiveStock": batch(STOCKKEEPERS),
    "AdjustStock": batch(STOCKKEEPERS),
    "GetAvailability": batch(EVERYBODY, mutates=False),
    "ListReservations": reads(INSIDE),
    "ConfirmReservations": batch(PEERS),
    "ReleaseReservations": batch(PEERS),
    "WatchEvents": reads(INSIDE),
}

ALLOCATION = {
    "AllocateOrders": batch(PEERS),
    "ExplainAllocation": reads(INSIDE),
    "ListShipments": reads(INSIDE),
}

ROUTING = {
    "CreatePlan": batch(PLANNERS),
    "GetPlan": reads(INSIDE),
    "WatchPlan": reads(INSIDE),
    "CancelPlan": changes(PLANNERS),
}

ORCHESTRATOR = {
    "ProcessOrder": changes(SELLERS),
    "ListExceptions": reads(INSIDE),
}

BY_SERVICE = {
    "orderhub.intake.v1.IntakeService": INTAKE,
    "orderhub.rules.v1.RulesService": RULES,
    "orderhub.fulfilment.v1.InventoryService": INVENTORY,
    "orderhub.fulfilment.v1.AllocationService": ALLOCATION,
    "orderhub.fulfilment.v1.RoutingService": ROUTING,
    "orderhub.orchestrator.v1.OrchestratorService": ORCHESTRATOR,
}

ACCESS: Mapping[str, Grant] = MappingProxyType(
    INFRASTRUCTURE
    | {
        f"/{service}/{method}": grant
        for service, methods in BY_SERVICE.items()
        for method, grant in methods.items()
    }
)
