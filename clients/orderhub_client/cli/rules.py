"""`orderhub rules`: check, test, activate and explain the rulebook."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orderhub_client.cli import output
from orderhub_client.cli.desk import Desk, command
from orderhub_client.cli.failures import NO, AnswerIsNo, UsageFault
from orderhub_client.cli.language import said
from orderhub_client.cli.values import moment, named

if TYPE_CHECKING:
    from orderhub.rules.v1 import rules_pb2 as rules_v1

app = typer.Typer(no_args_is_help=True, help="The rulebook: check, test, activate, explain.")
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The rulebook's folder.")]
Remote = Annotated[
    bool, typer.Option("--remote", help="Let the hub do it instead of the program here.")
]
RULE_FILES = "*.yaml"


@command(app, "check", examples=["rules check rules", "rules check rules --remote --hub :7401"])
def check(desk: Desk, folder: Folder = Path("rules"), remote: Remote = False) -> None:
    """Report every problem of a rulebook with file, line and column; exit code 1 if any."""
    _check(desk, folder, "check", remote=remote)


@command(app, "test", examples=["rules test rules"])
def run_tests(desk: Desk, folder: Folder = Path("rules"), remote: Remote = False) -> None:
    """Check a rulebook and run the tests written into its rules; exit code 1 on a failure."""
    _check(desk, folder, "test", remote=remote)


@command(app, "list", examples=["rules list", "rules list --json"])
def list_(
    desk: Desk, limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50
) -> None:
    """List stored rulebooks, the newest activation first."""
    from orderhub.rules.v1 import rules_pb2 as rules_v1

    request = rules_v1.ListRulebooksRequest()
    desk.show(
        list(desk.hub.pages(desk.hub.rules.ListRulebooks, request, "rulebooks", limit)),
        ["hash", "active", ">rules", ">epoch", "activated", "by", "comment"],
        lambda b: (
            b.hash,
            "yes" if b.active else "",
            b.rule_count,
            b.epoch,
            moment(b.activated_at, b, "activated_at"),
            b.activated_by,
            b.comment,
        ),
        "No rulebook is stored.",
    )


@command(
    app,
    "activate",
    role="risk_approver",
    examples=[
        'rules activate rules --comment "limit raised" --actor li.wei',
        "rules activate --hash 3f2a…",
    ],
)
def activate(
    desk: Desk,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A new book.")] = None,
    stored: Annotated[str, typer.Option("--hash", help="A stored book, to go back to.")] = "",
    comment: Annotated[str, typer.Option("--comment", help="Why.")] = "",
) -> None:
    """Switch every evaluator to a rulebook, as risk_approver unless --role says otherwise."""
    from orderhub.rules.v1 import rules_pb2 as rules_v1
    from orderhub_client.client import new_request_id

    if (folder is None) == (not stored):
        raise UsageFault("Give the folder of a new rulebook, or --hash of a stored one.")
    request = rules_v1.ActivateRulebookRequest(
        request_id=new_request_id(),
        files=_files(folder) if folder is not None else [],
        hash=stored,
        comment=comment,
    )
    book = desk.hub.call(desk.hub.rules.ActivateRulebook, request).rulebook
    desk.tell(
        book, [f"Rulebook {book.hash[:12]} with {book.rule_count} rules decides from now on."]
    )


@command(app, "explain", examples=["rules explain 20261122000001", "rules explain NUMBER --json"])
def explain(
    desk: Desk,
    number: Annotated[str, typer.Argument(metavar="ORDER", help="The order's number.")],
    revision: Annotated[int, typer.Option("--revision", help="Of this revision.")] = 0,
) -> None:
    """Show how every rule came to its outcome on an order: each comparison and the values met."""
    from orderhub.rules.v1 import rules_pb2 as rules_v1
    from orderhub_client.plain import plain

    request = rules_v1.GetDecisionRequest(order_number=number, revision=revision)
    reply = desk.hub.call(desk.hub.rules.GetDecision, request)
    if desk.as_json:
        output.print_json(plain(reply))
    else:
        _print_explanation(reply)


def _print_explanation(reply: rules_v1.GetDecisionResponse) -> None:
    from orderhub.rules.v1 import decision_pb2 as decision_v1

    decision = reply.decision
    output.print_line(
        f"Order {decision.order_number}, revision {decision.revision}: "
        f"{named(decision_v1.Verdict, decision.verdict)}, score {decision.score}, "
        f"by rulebook {decision.rulebook_hash[:12]}",
        "bold",
    )
    for finding in decision.findings:
        output.print_line(f"  {finding.rule_id}: {said(finding.message)}")
    output.print_line("")
    output.print_table(
        ["rule", "outcome", "comparison", "met", "wanted", "", "off by"],
        [
            (
                trace.rule_id if first else "",
                named(decision_v1.RuleOutcome, trace.outcome) if first else "",
                leaf.expression,
                leaf.actual or "absent",
                leaf.expected,
                "holds" if leaf.holds else "",
                leaf.distance,
            )
            for trace in reply.traces
            for first, leaf in (
                (i == 0, leaf)
                for i, leaf in enumerate(trace.leaves or [decision_v1.TraceLeaf(actual="-")])
            )
        ],
        "No rule was looked at.",
    )
    output.print_line("")
    output.print_table(
        ["fact", "value"], [(f.name, f.value or "absent") for f in reply.facts], "No facts."
    )


def _check(desk: Desk, folder: Path, what: str, *, remote: bool) -> None:
    if not folder.is_dir():
        raise UsageFault(f"{folder}: no such folder.")
    if remote:
        _check_remotely(desk, folder, tests=what == "test")
    else:
        _check_here(desk, folder, what)


def _check_here(desk: Desk, folder: Path, what: str) -> None:
    if importlib.util.find_spec("services") is None:
        raise UsageFault(
            "The server is not installed here to check rules with; use --remote and --hub."
        )
    done = subprocess.run(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "services.rules", what, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, NO}:
        raise UsageFault((done.stderr or done.stdout).strip())
    if desk.as_json:
        lines = done.stdout.splitlines()
        output.print_json({"sound": done.returncode == 0, "said": lines})
    else:
        sys.stdout.write(done.stdout)
    if done.returncode:
        raise AnswerIsNo


def _check_remotely(desk: Desk, folder: Path, *, tests: bool) -> None:
    from orderhub.rules.v1 import rules_pb2 as rules_v1
    from orderhub_client.plain import plain

    request = rules_v1.CheckRulebookRequest(files=_files(folder))
    reply = desk.hub.call(desk.hub.rules.CheckRulebook, request, patience_s=60.0)
    failed = bool(reply.problems) or (tests and bool(reply.tests.failed))
    if desk.as_json:
        output.print_json({"sound": not failed} | plain(reply))
    else:
        for problem in reply.problems:
            output.print_line(f"{problem.path}:{problem.line}:{problem.column}: {problem.message}")
        for failure in reply.tests.failures:
            output.print_line(failure)
        output.print_line(
            f"{len(reply.problems)} problems; {reply.tests.run} tests, {reply.tests.failed} failed"
        )
    if failed:
        raise AnswerIsNo


def _files(folder: Path) -> list[rules_v1.RulebookFile]:
    from orderhub.rules.v1 import rules_pb2 as rules_v1

    found = [
        rules_v1.RulebookFile(path=path.relative_to(folder).as_posix(), content=path.read_bytes())
        for path in sorted(folder.rglob(RULE_FILES))
        if path.is_file()
    ]
    if not found:
        raise UsageFault(f"{folder}: holds no rule files.")
    return found
