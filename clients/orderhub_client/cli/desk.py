"""What every command that talks to the hub shares: its options, the client, and the end."""

from __future__ import annotations

import contextlib
import inspect
import sys
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from orderhub_client.cli import language, output
from orderhub_client.cli.failures import UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from google.protobuf.message import Message

    from orderhub_client.client import OrderHub

SHARED = {
    "hub": Annotated[
        str,
        typer.Option(
            "--hub",
            metavar="WHERE",
            envvar="ORDERHUB_HUB",
            show_default=False,
            show_envvar=False,
            help="The hub: a data folder; HOST:PORT of intake, the other services following; or "
            "intake=H:P,rules=H:P,fulfilment=H:P,orchestrator=H:P. Unset: the one in "
            "ORDERHUB_DATA_DIR or ./.orderhub, else one is started for this command.",
        ),
    ],
    "as_json": Annotated[bool, typer.Option("--json", help="Print one JSON value, no tables.")],
    "lang": Annotated[
        str,
        typer.Option(
            "--lang", metavar="zh|en", show_default=False, help="Language of the hub's sentences."
        ),
    ],
    "role": Annotated[
        str,
        typer.Option(
            "--role",
            envvar="ORDERHUB_ROLE",
            show_default=False,
            show_envvar=False,
            help="Act as admin, operator, planner, risk, risk_approver, channel or viewer.",
        ),
    ],
    "actor": Annotated[
        str,
        typer.Option(
            "--actor",
            envvar="ORDERHUB_ACTOR",
            show_default=False,
            show_envvar=False,
            help="Your name in events and audits.",
        ),
    ],
}
DEFAULTS = {"hub": "", "as_json": False, "lang": "", "role": "", "actor": ""}


class Desk:
    """One command's surroundings; the hub is looked for when it is first needed."""

    def __init__(
        self,
        *,
        hub: str,
        as_json: bool,
        lang: str,
        role: str,
        actor: str,
        usual_role: str = "operator",
    ) -> None:
        if lang not in {"", "zh", "en"}:
            raise UsageFault(f"--lang: {lang!r} is neither zh nor en.")
        language.choose(lang)
        self.as_json = as_json
        self._where = hub
        self._role = role or usual_role
        self._actor = actor
        self._stack = contextlib.ExitStack()
        self._hub: OrderHub | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    @property
    def hub(self) -> OrderHub:
        """The client; finds the hub or starts one."""
        if self._hub is None:
            from orderhub_client.client import OrderHub
            from orderhub_client.hub import opened_hub

            addresses = self._stack.enter_context(opened_hub(self._where, _tell))
            self._hub = self._stack.enter_context(
                OrderHub(addresses, role=self._role, actor=self._actor, language=language.chosen())
            )
        return self._hub

    def show(
        self,
        messages: Sequence[Message],
        columns: Sequence[str],
        row: Callable[[Any], Sequence[object]],
        empty: str,
    ) -> None:
        """Print messages as a table, or as a JSON array."""
        if self.as_json:
            from orderhub_client.plain import plain

            output.print_json([plain(message) for message in messages])
        else:
            output.print_table(columns, map(row, messages), empty)

    def tell(self, message: Message, lines: Iterable[str]) -> None:
        """Print a message as JSON, or the lines that say the same."""
        if self.as_json:
            from orderhub_client.plain import plain

            output.print_json(plain(message))
        else:
            for line in lines:
                output.print_line(line)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def command(
    app: typer.Typer, name: str, *, examples: Sequence[str] = (), role: str = "operator"
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function of a `Desk` and its own options a command of `app`.

    Parameters
    ----------
    examples
        Command lines shown at the end of the help, without `orderhub`.
    role
        In which role it is called unless another is given.
    """

    def add(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = [
            inspect.Parameter(
                key, inspect.Parameter.KEYWORD_ONLY, default=DEFAULTS[key], annotation=annotation
            )
            for key, annotation in SHARED.items()
        ]

        def run(**given: Any) -> None:
            with Desk(**{key: given.pop(key) for key in SHARED}, usual_role=role) as desk:
                function(desk, **given)

        keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        run.__signature__ = inspect.Signature([*keyword, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*keyword, *shared]}
        run.__doc__ = reflowed(function.__doc__ or "")
        app.command(name, epilog=epilog(examples))(run)
        return function

    return add


def reflowed(text: str) -> str:
    """Return `text` with each paragraph on one line, for the terminal to break."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def epilog(examples: Sequence[str]) -> str:
    """Return the end of a help text that shows `examples`."""
    if not examples:
        return ""
    return "\n\n".join(["Examples:", *(f"  $ orderhub {line}" for line in examples)])
