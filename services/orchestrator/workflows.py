"""The workflow engine: one durable workflow per claimed batch, known by the batch's id.

The claim in intake is the truth. A workflow's only input is the batch id; its orders are read
from intake again when it is taken up after a crash.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import make_url

from orderhub.intake.v1 import intake_pb2 as intake_v1
from services._kit import logs
from services.orchestrator.process import process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services._kit.config import Config
    from services.orchestrator.peers import Peers

log = logs.logger("orchestrator.workflows")

NAME = "orderhub"
# Pinned, not computed from the code: a workflow outlives an upgrade, and its one input is stable.
VERSION = "1"
SCHEMA = "orchestrator_dbos"
TAKEN_UP = frozenset({"PENDING", "ENQUEUED"})


class Workflows:
    """Runs batches as workflows; one for each process, as the engine demands.

    Parameters
    ----------
    peers
        Whom the workflows call.
    """

    def __init__(self, config: Config, peers: Peers) -> None:
        self._peers = peers
        self._orders: dict[str, Sequence[intake_v1.ClaimedOrder]] = {}
        self._running: set[str] = set()
        self._lock = threading.Lock()
        DBOS(config=_settings(config))

        @DBOS.workflow(name="process_batch")
        def process_batch(batch_id: str) -> int:
            return self._process(batch_id)

        self._work = process_batch

    def launch(self) -> None:
        """Open the engine's database and take up what a crash of this executor left behind."""
        DBOS.launch()

    def close(self) -> None:
        """Let go of the engine; what still runs stays pending and is taken up again."""
        DBOS.destroy(destroy_registry=True)

    def wait_for(self, batch_id: str) -> None:
        """Wait until the workflow of `batch_id` rests."""
        DBOS.retrieve_workflow(batch_id).get_result()

    def running(self) -> list[str]:
        """Return the ids of the batches in work here."""
        with self._lock:
            return sorted(self._running)

    def run(self, claim: intake_v1.ClaimOrdersResponse) -> None:
        """Work on a claimed batch; return when it rests."""
        batch_id = claim.batch_id
        if batch_id in self.running():  # the engine took it up at launch
            return
        if claim.resumed and (status := DBOS.get_workflow_status(batch_id)) is not None:
            self._take_up(batch_id, status.status)
            return
        self._orders[batch_id] = claim.orders
        try:
            with SetWorkflowID(batch_id):
                self._work(batch_id)
        finally:
            self._orders.pop(batch_id, None)

    def _take_up(self, batch_id: str, status: str) -> None:
        """Go on with a batch that has a workflow already."""
        if status in TAKEN_UP:
            log.info("taking up the batch of a lost executor", batch=batch_id)
            # Starting a pending id of a dead executor again would never run it.
            DBOS.resume_workflows([batch_id])
            self.wait_for(batch_id)
            return
        # Its workflow has ended and its batch has not: only an outcome written by hand, or a
        # database put back, brings this about. Every call is idempotent, so work on it once more.
        log.warning("the batch is open though its workflow has ended", batch=batch_id, was=status)
        self._process(batch_id)

    def _process(self, batch_id: str) -> int:
        with self._lock:
            self._running.add(batch_id)
        try:
            orders = self._orders.pop(batch_id, None) or self._claimed(batch_id)
            return process(batch_id, orders, self._peers) if orders else 0
        finally:
            with self._lock:
                self._running.discard(batch_id)

    def _claimed(self, batch_id: str) -> Sequence[intake_v1.ClaimedOrder]:
        request = intake_v1.ClaimOrdersRequest(batch_id=batch_id)
        claim = self._peers.call(self._peers.intake.ClaimOrders, request)
        # Finished before the crash: intake then offers other work, which is not this workflow's.
        return claim.orders if claim.batch_id == batch_id else ()


def _settings(config: Config) -> DBOSConfig:
    settings = DBOSConfig(
        name=NAME,
        application_version=VERSION,
        executor_id=config.executor_id,
        log_level="WARNING",
        dbos_system_schema=SCHEMA,
        notification_listener_polling_interval_sec=0.1,
    )
    if config.database_url:
        url = make_url(config.database_url).set(drivername="postgresql+psycopg")
        settings["system_database_url"] = url.render_as_string(hide_password=False)
    else:
        config.make_data_dir()
        path = config.data_dir.resolve() / "orchestrator-workflows.sqlite3"
        # The engine leaves SQLite's rollback journal on; readers would block its writer.
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.close()
        settings["system_database_url"] = f"sqlite:///{path}"
    return settings
