"""Stand-ins for `services.X.app`, put in their place by `sitecustomize` of the test's processes.

They keep the contract of `services._kit.server` and serve the real contract's methods, all of
them unimplemented; `FAKE_REFUSES=name` makes one refuse its settings.
"""

from __future__ import annotations

import os
import sys
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import grpc

    from services._kit.config import Config

NAMES = {
    "intake": "orderhub.intake.v1.IntakeService",
    "rules": "orderhub.rules.v1.RulesService",
    "fulfilment": "orderhub.fulfilment.v1.RoutingService",
    "orchestrator": "orderhub.orchestrator.v1.OrchestratorService",
}


class FakeService:
    def __init__(self, name: str, config: Config) -> None:
        self.name = name
        self.names = (NAMES[name],)
        config.data_dir.mkdir(parents=True, exist_ok=True)
        self._log = config.data_dir / "stops.txt"

    def register(self, server: grpc.aio.Server) -> None:
        pass

    async def drain(self) -> None:
        with self._log.open("a") as log:
            log.write(f"{self.name}\n")

    async def stop(self) -> None:
        pass


def install() -> None:
    for name in NAMES:
        module = types.ModuleType(f"services.{name}.app")

        async def start(config: Config, name: str = name) -> FakeService:
            from services._kit.errors import ConfigError

            if os.environ.get("FAKE_REFUSES") == name:
                raise ConfigError(f"{name} misses its spare key")
            return FakeService(name, config)

        module.start = start  # type: ignore[attr-defined]  # made here
        sys.modules[module.__name__] = module
