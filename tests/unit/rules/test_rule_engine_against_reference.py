"""durable-rules, as we drive it, against the independent evaluator on random rules and orders."""

from __future__ import annotations

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rules.language import condition
from services.rules.lower import lower
from services.rules.program import (
    DISTINCT_CONDITIONS,
    MATCHED_AT_ONCE,
    RULES_ON_ONE_CONDITION,
    Program,
)
from services.rules.reference import evaluate
from services.rules.worker import Engine, Job

NUMBER = st.sampled_from(["n", "m", "n + m", "n - 1", "n * m", "n % m", "n / m", "-n"])
LINE_NUMBER = st.sampled_from(["qty", "qty + n", "qty * 2"])
LITERAL = st.sampled_from(["0", "1", "2", "-1", "1.5", "4611686018427387903"])
OP = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def joined(*parts):
    return st.tuples(*parts).map(" ".join)


LINE_LEAF = st.one_of(
    joined(LINE_NUMBER, OP, LITERAL), st.just("gift"), st.just('sku in ["a", "b"]')
)
LINE_CONDITION = st.one_of(
    LINE_LEAF,
    st.tuples(LINE_LEAF, st.sampled_from([" and ", " or "]), LINE_LEAF).map("".join),
    LINE_LEAF.map("not ({})".format),
)
SMALL = st.sampled_from(["0", "1", "2"])
# What stays native in the engine, several times over: each operator must meet its boundary.
NATIVE = st.one_of(
    joined(st.sampled_from(["n", "m"]), OP, SMALL),
    joined(st.just("n"), OP, st.just("m")),
    joined(st.just("count(lines)"), OP, SMALL),
)
LEAF = st.one_of(
    NATIVE,
    NATIVE,
    NATIVE,
    joined(NUMBER, OP, LITERAL),
    joined(NUMBER, OP, NUMBER),
    joined(st.just("amount"), OP, st.sampled_from(["1.00", "0.01", "discount", "params.limit"])),
    joined(st.just("amount"), OP, st.just("discount * 0.5")),
    joined(st.just("channel"), st.sampled_from(["==", "!="]), st.just('"olist"')),
    st.sampled_from(["vip", "words(street, lists.vague)", 'matches(street, "[0-9]+号")']),
    st.sampled_from(
        ["n in [0, 1]", "n in lists.codes", 'street == "附近"', "street in lists.vague"]
    ),
    st.tuples(st.sampled_from(["any", "all"]), LINE_CONDITION).map(
        lambda p: f"{p[0]}(lines, {p[1]})"
    ),
    st.tuples(LINE_CONDITION, OP, LITERAL).map(lambda p: f"count(lines, {p[0]}) {p[1]} {p[2]}"),
    st.tuples(LINE_NUMBER, OP, LITERAL).map(lambda p: f"sum(lines, {p[0]}) {p[1]} {p[2]}"),
)
CONDITION = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda p: " and ".join(f"({x})" for x in p)),
        st.lists(inner, min_size=2, max_size=3).map(lambda p: " or ".join(f"({x})" for x in p)),
        inner.map("not ({})".format),
    ),
    max_leaves=6,
)

INTS = st.sampled_from([0, 1, 2, 0, 1, 2, -1, 100, 2**62 - 1, -(2**62) + 1])
BAD = st.sampled_from([None, float("nan"), 1.0, "1", True, 2**62, 2**70])
MAYBE_INT = st.integers(0, 7).flatmap(lambda n: INTS if n else BAD)
TEXTS = st.sampled_from(["", "附近", "文三路12号", "旧房", 'quo"te\\', "olist"])
LINE = st.fixed_dictionaries(
    {}, optional={"qty": MAYBE_INT, "gift": st.booleans(), "sku": st.sampled_from(["a", "c"])}
)
FACTS = st.fixed_dictionaries(
    {
        "decision.day": st.sampled_from([40, 60, 200]),
        "n": MAYBE_INT,
        "m": MAYBE_INT,
        "amount": INTS,
        "discount": INTS,
        "vip": st.sampled_from([True, False, True, False, None]),
        "channel": st.sampled_from(["olist", "taobao", "else"]),
        "street": st.one_of(TEXTS, TEXTS, st.none()),
        "lines": st.lists(LINE, max_size=3),
    }
)


def program_of(trees) -> Program:
    """Lower bare trees, as `lower` does with those of a rulebook."""

    class Book:
        hash = "h"
        evaluated = tuple(type("R", (), {"id": f"r{i}", "when": t})() for i, t in enumerate(trees))
        sources = tuple(frozenset() for _ in trees)

    return lower(Book())  # type: ignore[arg-type]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    sources=st.lists(CONDITION, min_size=4, max_size=12),
    orders=st.lists(FACTS, min_size=4, max_size=12),
)
def test_engine_and_reference_agree_on_every_rule_and_order(scope, sources, orders) -> None:
    trees = [condition(source, scope) for source in sources]
    engine = Engine(program_of(trees))

    for facts in orders:
        outcome = engine.judge(Job(facts))

        truths = [evaluate(tree, facts).value for tree in trees]
        assert set(outcome.hits) == {i for i, truth in enumerate(truths) if truth is True}
        assert set(outcome.unknown) == {i for i, truth in enumerate(truths) if truth is None}


EDGES = [-(2**62) + 1, -1, 0, 1, 2, 10_000, 2**53 + 1, 2**62 - 1]


def test_every_native_comparison_is_right_at_every_edge(scope) -> None:
    operators = ["==", "!=", "<", "<=", ">", ">="]
    sources = [f"n {op} {edge}" for op in operators for edge in EDGES]
    sources += [f"n {op} m" for op in operators] + [f"amount {op} discount" for op in operators]
    trees = [condition(source, scope) for source in sources]
    engine = Engine(program_of(trees))

    for n, m in itertools.product(EDGES, repeat=2):
        facts = {"n": n, "m": m, "amount": m, "discount": n}
        outcome = engine.judge(Job(facts))

        expected = [i for i, tree in enumerate(trees) if evaluate(tree, facts).value]
        assert list(outcome.hits) == expected


def test_many_rules_on_few_conditions_stay_within_the_limits_and_all_fire(scope) -> None:
    trees = [condition(f"vip and n > {i % 7} and m != {i}", scope) for i in range(450)]
    trees += [condition(f"n > {-i}", scope) for i in range(1, 200)]
    program = program_of(trees)

    outcome = Engine(program).judge(Job({"vip": True, "n": 100, "m": -5}))

    assert outcome.hits == tuple(range(len(trees)))
    for shard in program.shards:
        conditions = [each["all"][0]["m"] for each in shard.definition.values()]
        parts = [p for c in conditions for p in map(str, c.get("$and", [c]))]
        firsts = {str(c["$and"][0]) if "$and" in c else str(c) for c in conditions}
        assert len(firsts) <= MATCHED_AT_ONCE
        assert len(set(parts)) <= DISTINCT_CONDITIONS
        assert max(parts.count(part) for part in set(parts)) <= RULES_ON_ONE_CONDITION


def test_a_guarded_shard_is_asked_only_where_its_guard_holds(scope) -> None:
    trees = [condition(f'channel == "olist" and n > {i}', scope) for i in range(5)]
    engine = Engine(program_of(trees))

    hits = [engine.judge(Job({"channel": c, "n": 3})).hits for c in ("olist", "taobao", "else")]

    assert hits == [(0, 1, 2), (), ()]
    assert [shard.guard != "" for shard in program_of(trees).shards] == [True]


def test_a_rule_whose_source_the_channel_lacks_is_not_judged(book_of) -> None:
    book = book_of("recipient.has_house_number", "order.amount > 1")
    engine = Engine(lower(book))

    outcome = engine.judge(Job({"order.amount": 500, "channel": "bare"}, frozenset({"street"})))

    assert (outcome.hits, outcome.unknown) == ((1,), ())


def test_same_sub_expressions_are_computed_once(scope) -> None:
    trees = [condition(f"words(street, lists.vague) and n > {i}", scope) for i in range(3)]

    program = program_of(trees)

    assert len(program.atoms) == 2
