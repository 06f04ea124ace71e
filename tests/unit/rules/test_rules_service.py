"""The rules service behind a real server, on a database of its own."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import orjson
import pytest
from google.rpc import error_details_pb2, status_pb2

from orderhub.common.v1 import geo_pb2 as geo_v1
from orderhub.common.v1 import order_pb2 as order_v1
from orderhub.rules.v1 import decision_pb2 as decision_v1
from orderhub.rules.v1 import rules_pb2 as rules_v1
from orderhub.rules.v1 import rules_pb2_grpc as rules_grpc_v1
from services._kit import migrations
from services._kit.config import Config
from services._kit.errors import ConfigError
from services._kit.server import Server
from services.rules import app, shelf, store
from services.rules.loading import load

FOLDER = Path(__file__).parents[3] / "rules"
START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ADMIN = (("x-orderhub-role", "admin"), ("x-orderhub-actor", "tester"))


@pytest.fixture
def config(database_url: str, tmp_path: Path) -> Config:
    return Config(
        data_dir=tmp_path / "data", rules_dir=FOLDER, ports="0", database_url=database_url
    )


@pytest.fixture
async def served(config):
    """Return a function that starts the service and gives its stub; all are stopped at the end."""
    running = []

    async def start() -> tuple[rules_grpc_v1.RulesServiceStub, app.Rules]:
        rules = await app.start(config)
        server = Server(config, "127.0.0.1:0")
        address = await server.start([rules])
        channel = grpc.aio.insecure_channel(address)
        running.append((server, channel))
        return rules_grpc_v1.RulesServiceStub(channel), rules

    async def stop() -> None:
        while running:
            server, channel = running.pop()
            await channel.close()
            await server.drain()

    start.stop = stop
    yield start
    await stop()


def order(number: int, *, amount: int = 16_800, minutes: float = 0, **fields) -> order_v1.Order:
    made = order_v1.Order(
        order_number=f"20261122{number:06d}",
        revision=1,
        channel=fields.pop("channel", "tmall"),
        external_order_id=str(number),
        customer_id=fields.pop("customer", f"C-{number}"),
        currency=fields.pop("currency", "CNY"),
        total_minor=amount,
        lines=[order_v1.OrderLine(line_no=1, sku="SKU-1", quantity=1, unit_price_minor=amount)],
        destination=geo_v1.Area(country="CN", province="浙江省", city="杭州市", district="西湖区"),
        recipient=order_v1.Recipient(
            name="王秘密",
            phone=fields.pop("phone", f"139{number:08d}"),
            street=fields.pop("street", f"文三路{number}号3幢501室"),
        ),
    )
    made.placed_at.FromDatetime(START + timedelta(minutes=minutes))
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def batch(*orders: order_v1.Order, waived: tuple[str, ...] = ()) -> rules_v1.EvaluateOrdersRequest:
    return rules_v1.EvaluateOrdersRequest(
        orders=[rules_v1.OrderToJudge(order=each, waived_rules=waived) for each in orders]
    )


async def judged(stub, *orders: order_v1.Order, **options) -> list[decision_v1.Decision]:
    answer = await stub.EvaluateOrders(batch(*orders, **options), metadata=ADMIN)
    return list(answer.decisions)


def reasons(decision: decision_v1.Decision) -> list[str]:
    return [finding.reason for finding in decision.findings]


async def test_judges_a_batch_in_the_order_asked(served) -> None:
    stub, _ = await served()

    decisions = await judged(
        stub,
        order(1),
        order(2, amount=500_001),
        order(3, street="附近小区"),
        order(4, phone="12345"),
        order(5, phone="19900000000"),
        order(6, amount=500_000),
    )

    assert [decision_v1.Verdict.Name(d.verdict) for d in decisions] == [
        "VERDICT_PASS",
        "VERDICT_REVIEW",
        "VERDICT_HOLD",
        "VERDICT_HOLD",
        "VERDICT_FREEZE",
        "VERDICT_PASS",
    ]
    assert [reasons(d) for d in decisions] == [
        [],
        ["HIGH_AMOUNT"],
        ["VAGUE_ADDRESS"],
        ["INVALID_PHONE"],
        ["BLOCK_LIST"],
        [],
    ]
    high = decisions[1].findings[0]
    assert (high.message.zh, high.queue) == ("订单金额超过复核线", "risk-review")
    assert [(v.name, v.value) for v in high.values] == [
        ("order.amount", "5000.01 CNY"),
        ("channel", "tmall"),
        ("params.review_amount", "5000.00 CNY"),
    ]
    assert all(d.rulebook_hash == decisions[0].rulebook_hash for d in decisions)


async def test_the_first_answer_is_given_again_also_after_a_restart(served) -> None:
    stub, _ = await served()
    first = (await judged(stub, order(1, amount=500_001)))[0]

    again = (await judged(stub, order(1, amount=1)))[0]
    await served.stop()
    stub, _ = await served()
    after = (await judged(stub, order(1, amount=1)))[0]

    assert first.SerializeToString(deterministic=True) == again.SerializeToString(
        deterministic=True
    )
    assert first.SerializeToString(deterministic=True) == after.SerializeToString(
        deterministic=True
    )


async def test_a_later_revision_is_judged_anew(served) -> None:
    stub, _ = await served()
    await judged(stub, order(1, amount=500_001))

    second = (await judged(stub, order(1, amount=500_000, revision=2)))[0]

    assert (second.revision, second.verdict) == (2, decision_v1.VERDICT_PASS)


async def test_velocity_counts_the_order_itself_and_the_earlier_ones(served) -> None:
    stub, _ = await served()
    burst = [order(i, phone="13900000000", minutes=i) for i in range(1, 5)]

    one_by_one = [(await judged(stub, each))[0] for each in burst]

    assert [reasons(d) for d in one_by_one] == [[], [], ["PHONE_VELOCITY"], ["PHONE_VELOCITY"]]


async def test_velocity_is_the_same_in_one_batch_whatever_its_order(served) -> None:
    stub, _ = await served()
    burst = [order(i, phone="13900000000", minutes=i) for i in (4, 2, 3, 1)]

    decisions = await judged(stub, *burst)

    assert [bool(reasons(d)) for d in decisions] == [True, False, True, False]


async def test_velocity_survives_a_restart_and_forgets_after_its_window(served) -> None:
    stub, _ = await served()
    await judged(stub, *(order(i, customer="C", minutes=0) for i in range(1, 5)))
    await served.stop()
    stub, _ = await served()

    inside = (await judged(stub, order(5, customer="C", minutes=9.99)))[0]
    outside = (await judged(stub, order(6, customer="C", minutes=10)))[0]

    assert reasons(inside) == ["ACCOUNT_VELOCITY"]
    assert reasons(outside) == []


async def test_judging_an_order_again_does_not_count_it_twice(served) -> None:
    stub, _ = await served()
    for revision in range(1, 8):
        await judged(stub, order(1, customer="C", revision=revision))

    second = (await judged(stub, order(2, customer="C")))[0]

    assert reasons(second) == []


async def test_a_channel_without_phone_and_street_is_judged_on_the_rest(served) -> None:
    stub, _ = await served()
    made = order(1, channel="olist", currency="BRL", amount=300_000)
    made.ClearField("recipient")
    made.placed_at.FromDatetime(datetime(2017, 5, 1, tzinfo=UTC))

    decision = (await judged(stub, made))[0]

    assert reasons(decision) == ["HIGH_AMOUNT"]
    assert {"PHN-001", "ADR-001", "VEL-001", "BLK-001"} <= set(decision.not_applicable)


async def test_an_amount_without_a_rate_is_a_review_not_a_pass(served) -> None:
    stub, _ = await served()

    decision = (await judged(stub, order(1, currency="XTS")))[0]

    assert decision.verdict == decision_v1.VERDICT_REVIEW
    assert set(reasons(decision)) == {"FACT_MISSING"}
    assert all(f.outcome == decision_v1.RULE_OUTCOME_FACT_MISSING for f in decision.findings)


async def test_a_declared_phone_that_is_absent_stops_the_order(served) -> None:
    stub, _ = await served()

    declared, undeclared = await judged(
        stub, order(1, phone="", channel="tmall"), order(2, phone="", channel="new-channel")
    )

    assert "INVALID_PHONE" in reasons(declared)
    assert undeclared.verdict == decision_v1.VERDICT_PASS
    assert "PHN-001" in undeclared.not_applicable


async def test_a_waived_rule_is_recorded_and_the_order_passes(served) -> None:
    stub, _ = await served()

    decision = (await judged(stub, order(1, amount=500_001), waived=("AMT-001",)))[0]

    assert decision.verdict == decision_v1.VERDICT_PASS
    assert decision.findings[0].waived


async def test_explains_every_rule_and_keeps_nothing_personal(served) -> None:
    stub, rules = await served()
    await judged(stub, order(1, street="附近暗巷里", phone="13987654321", customer="ACCT-7"))

    answer = await stub.GetDecision(
        rules_v1.GetDecisionRequest(order_number="20261122000001"), metadata=ADMIN
    )

    traces = {trace.rule_id: trace for trace in answer.traces}
    assert traces["ADR-001"].outcome == decision_v1.RULE_OUTCOME_HIT
    assert [(leaf.actual, leaf.expected) for leaf in traces["ADR-001"].leaves] == [
        ("***", "附近"),
        ("false", ""),
    ]
    assert traces["AMT-001"].leaves[0].distance == "4832.00 CNY below the limit"
    assert {f.name: f.value for f in answer.facts}["order.amount"] == "168.00 CNY"
    async with rules.desk.sitting():
        kept = await rules._database.read(everything)
    for secret in ("13987654321", "暗巷", "王秘密", "ACCT-7"):
        assert secret.encode() not in kept


async def test_says_not_found_for_an_order_never_judged(served) -> None:
    stub, _ = await served()

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.GetDecision(rules_v1.GetDecisionRequest(order_number="1"), metadata=ADMIN)

    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_batch_whose_caller_left_is_judged_all_the_same(served) -> None:
    stub, _ = await served()
    call = stub.EvaluateOrders(batch(order(1, customer="C")), metadata=ADMIN, timeout=0.001)
    with pytest.raises(grpc.aio.AioRpcError):
        await call

    again = (await judged(stub, order(1, customer="C")))[0]

    assert again.verdict == decision_v1.VERDICT_PASS


async def test_a_dead_worker_costs_no_order(served) -> None:
    stub, rules = await served()
    async with rules.desk.sitting() as sitting:
        os.kill(sitting.team.supervisors[0].pid, signal.SIGKILL)

    decisions = await judged(stub, *(order(i) for i in range(1, 20)))

    assert {d.verdict for d in decisions} == {decision_v1.VERDICT_PASS}


async def test_a_batch_that_cannot_be_judged_is_refused_by_field(served) -> None:
    stub, _ = await served()
    request = batch(order(1))
    request.orders[0].order.ClearField("placed_at")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.EvaluateOrders(request, metadata=ADMIN)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert fields_of(caught.value) == ["orders[0].order.placed_at"]


async def test_an_amount_beyond_all_bounds_is_a_review(served) -> None:
    stub, _ = await served()

    decisions = await judged(stub, order(1, amount=2**63 - 1), order(2, amount=-(2**63)))

    assert [d.verdict for d in decisions] == [decision_v1.VERDICT_REVIEW] * 2
    assert all("FACT_MISSING" in reasons(d) for d in decisions)


def fields_of(error: grpc.aio.AioRpcError) -> list[str]:
    raw = dict(error.trailing_metadata() or ())["grpc-status-details-bin"]
    request = error_details_pb2.BadRequest()
    for detail in status_pb2.Status.FromString(raw).details:
        if detail.Unpack(request):
            return [violation.field for violation in request.field_violations]
    return []


def everything(connection) -> bytes:
    """All values of all tables, as bytes."""
    found = []
    for table in store.metadata.sorted_tables:
        for row in connection.execute(table.select()):
            found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\0".join(found)


def files_with(old: bytes = b"", new: bytes = b"") -> list[rules_v1.RulebookFile]:
    return [
        rules_v1.RulebookFile(
            path=path.relative_to(FOLDER).as_posix(), content=path.read_bytes().replace(old, new)
        )
        for path in sorted(FOLDER.rglob("*.yaml"))
    ]


LOWER = (b"value: 5000.00, unit: CNY, min: 1000.00", b"value: 1000.00, unit: CNY, min: 1000.00")
LOWER_TESTS = (b"order.amount: 500", b"order.amount: 100")


def cheaper_book() -> list[rules_v1.RulebookFile]:
    """The shipped book with its review limit at ¥1,000."""
    files = files_with(*LOWER)
    for file in files:
        if file.path == "orders/amount.yaml":
            file.content = file.content.replace(*LOWER_TESTS)
    return files


async def test_activation_switches_at_once_and_can_be_rolled_back(served) -> None:
    stub, _ = await served()
    before = (await judged(stub, order(1, amount=100_001)))[0]
    new = await stub.ActivateRulebook(
        rules_v1.ActivateRulebookRequest(request_id="a", files=cheaper_book()), metadata=ADMIN
    )
    switched = (await judged(stub, order(2, amount=100_001)))[0]

    back = await stub.ActivateRulebook(
        rules_v1.ActivateRulebookRequest(request_id="b", hash=before.rulebook_hash), metadata=ADMIN
    )
    restored = (await judged(stub, order(3, amount=100_001)))[0]
    listed = await stub.ListRulebooks(rules_v1.ListRulebooksRequest(), metadata=ADMIN)

    assert [d.verdict for d in (before, switched, restored)] == [1, 2, 1]
    assert (new.rulebook.epoch, back.rulebook.epoch) == (2, 3)
    assert new.rulebook.activated_by == "tester"
    assert [(b.hash, b.active) for b in listed.rulebooks] == [
        (before.rulebook_hash, True),
        (new.rulebook.hash, False),
    ]


async def test_activation_survives_a_restart_whatever_the_folder_says(served) -> None:
    stub, _ = await served()
    await stub.ActivateRulebook(
        rules_v1.ActivateRulebookRequest(request_id="a", files=cheaper_book()), metadata=ADMIN
    )
    await served.stop()

    stub, _ = await served()

    assert reasons((await judged(stub, order(1, amount=100_001)))[0]) == ["HIGH_AMOUNT"]


async def test_an_activation_asked_twice_happens_once(served) -> None:
    stub, _ = await served()
    request = rules_v1.ActivateRulebookRequest(request_id="a", files=cheaper_book())

    answers = [await stub.ActivateRulebook(request, metadata=ADMIN) for _ in range(2)]

    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"order.amount >", b"order.amont >", "did you mean"),
        (
            b"order.amount: 5000.01}, expect: hit",
            b"order.amount: 5000.00}, expect: hit",
            "got miss",
        ),
    ],
)
async def test_a_refused_book_leaves_the_last_good_one_serving(served, old, new, says) -> None:
    stub, _ = await served()
    before = (await judged(stub, order(1)))[0]

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ActivateRulebook(
            rules_v1.ActivateRulebookRequest(request_id="a", files=files_with(old, new)),
            metadata=ADMIN,
        )

    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert says in caught.value.details()
    assert (await judged(stub, order(2)))[0].rulebook_hash == before.rulebook_hash


async def test_batches_during_activations_never_mix_books(served) -> None:
    stub, _ = await served()
    first = (await judged(stub, order(1)))[0].rulebook_hash
    wanted = {first: [1, 1], None: [2, 2]}

    async def switch() -> None:
        for n in range(3):
            request = rules_v1.ActivateRulebookRequest(request_id=f"r{n}")
            if n % 2:
                request.hash = first
            else:
                request.files.extend(cheaper_book())
            await stub.ActivateRulebook(request, metadata=ADMIN)

    async def ask() -> list[list[decision_v1.Decision]]:
        return [
            await judged(stub, *(order(100 * n + i, amount=100_001) for i in range(2)))
            for n in range(1, 40)
        ]

    _, answers = await asyncio.gather(switch(), ask())

    for decisions in answers:
        assert len({d.rulebook_hash for d in decisions}) == 1
        key = first if decisions[0].rulebook_hash == first else None
        assert [d.verdict for d in decisions] == wanted[key]


async def test_checking_says_what_is_wrong_and_changes_nothing(served) -> None:
    stub, _ = await served()
    bad = files_with(b"order.amount >", b"order.amont >")

    answer = await stub.CheckRulebook(rules_v1.CheckRulebookRequest(files=bad), metadata=ADMIN)
    sound = await stub.CheckRulebook(
        rules_v1.CheckRulebookRequest(files=files_with()), metadata=ADMIN
    )

    places = [(p.path, p.line, p.column) for p in answer.problems]
    assert places == [("orders/amount.yaml", 6, 9), ("orders/amount.yaml", 24, 9)]
    assert not sound.problems
    assert (sound.tests.failed, sound.tests.run > 50, sound.rulebook.rule_count) == (0, True, 20)


async def test_refuses_to_start_without_a_usable_rulebook(config, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    poor = config.model_copy(update={"rules_dir": tmp_path / "empty"})

    with pytest.raises(ConfigError, match="no rule files"):
        await app.start(poor)


async def test_facts_kept_are_json_without_personal_names(served) -> None:
    stub, rules = await served()
    await judged(stub, order(1))

    row = await rules._database.read(lambda c: store.decision_row(c, "20261122000001", 0))
    facts = orjson.loads(row["facts"])

    assert not {"recipient.phone", "recipient.street", "customer.id"} & set(facts)
    assert facts["f.orders_phone_10m"] == 1


async def test_the_migrated_database_is_the_declared_one(served) -> None:
    _, rules = await served()

    assert migrations.drift(rules._database.engine, store.metadata) == []


async def test_an_activation_by_another_instance_is_followed(served) -> None:
    stub, rules = await served()
    new = load(bundle_of(cheaper_book()))

    def activate(connection) -> None:
        shelf.put(connection, bundle_of(cheaper_book()), new.hash, len(new.rules), 1)
        shelf.activate(connection, new.hash, 1, "another", "")

    await rules._database.write(activate)
    for number in range(1, 200):
        decision = (await judged(stub, order(number, amount=100_001)))[0]
        if decision.rulebook_hash == new.hash:
            break
        await asyncio.sleep(0.05)

    assert reasons(decision) == ["HIGH_AMOUNT"]


def bundle_of(files: list[rules_v1.RulebookFile]) -> dict[str, bytes]:
    return {file.path: file.content for file in files}
