"""Fulfilment's composition root: what it owns, what it serves, what it does on the side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from orderhub.fulfilment.v1 import allocation_pb2 as allocation_v1
from orderhub.fulfilment.v1 import allocation_pb2_grpc as allocation_grpc_v1
from orderhub.fulfilment.v1 import inventory_pb2 as inventory_v1
from orderhub.fulfilment.v1 import inventory_pb2_grpc as inventory_grpc_v1
from orderhub.fulfilment.v1 import routing_pb2 as routing_v1
from orderhub.fulfilment.v1 import routing_pb2_grpc as routing_grpc_v1
from services._kit.clock import SystemClock
from services._kit.database import Database
from services._kit.idempotency import Requests
from services._kit.pages import PageTokens
from services._kit.pool import WorkerPool
from services._kit.secret import load_secret
from services.fulfilment.allocating import Allocator
from services.fulfilment.catalogue import Catalogue
from services.fulfilment.chores import Chores
from services.fulfilment.routing.board import PlanBoard
from services.fulfilment.routing.search import warm
from services.fulfilment.routing.servicer import RoutingServicer
from services.fulfilment.servicer import AllocationServicer, InventoryServicer, Room
from services.fulfilment.store import request_metadata
from solver.allocation.solve import warm_up

if TYPE_CHECKING:
    import grpc

    from services._kit.clock import Clock
    from services._kit.config import Config

NAME = "fulfilment"


class Fulfilment:
    """The service as the kit runs it; see `services/_kit/server.py`."""

    names = (
        inventory_v1.DESCRIPTOR.services_by_name["InventoryService"].full_name,
        allocation_v1.DESCRIPTOR.services_by_name["AllocationService"].full_name,
        routing_v1.DESCRIPTOR.services_by_name["RoutingService"].full_name,
    )

    def __init__(self, room: Room, pool: WorkerPool, board: PlanBoard) -> None:
        self._room = room
        self.pool = pool
        self._board = board
        self._chores = Chores(room)

    def register(self, server: grpc.aio.Server) -> None:
        """Add the servicers."""
        inventory_grpc_v1.add_InventoryServiceServicer_to_server(
            InventoryServicer(self._room), server
        )
        allocation_grpc_v1.add_AllocationServiceServicer_to_server(
            AllocationServicer(self._room), server
        )
        room = self._room
        routing_grpc_v1.add_RoutingServiceServicer_to_server(
            RoutingServicer(room.config, room.database, room.requests, self._board, room.clock),
            server,
        )

    async def drain(self) -> None:
        """End the chores and leave the plans in work to the next start; calls in flight go on."""
        await self._chores.close()
        await self._board.close()

    async def stop(self) -> None:
        """Close the workers and the database."""
        await self.pool.stop()
        await self._room.database.close()


async def start(config: Config, *, clock: Clock | None = None) -> Fulfilment:
    """Open the database, compile the solver's kernels, warm the workers, start the chores.

    Raises
    ------
    ConfigError
        When the database or the secret cannot be used.
    """
    clock = clock or SystemClock()
    secret = load_secret(config)
    database = await asyncio.to_thread(Database.open, config, NAME)
    await asyncio.to_thread(warm_up, fast_path_only=True)
    room = Room(
        config=config,
        database=database,
        clock=clock,
        requests=Requests(request_metadata(), secret),
        tokens=PageTokens(secret),
        allocator=Allocator(Catalogue(), clock, config.zone()),
    )
    pool = WorkerPool("routes", config.solver_workers, warm=warm)
    await pool.start()
    board = PlanBoard(database, pool, config.solver_workers)
    await board.open()
    return Fulfilment(room, pool, board)
