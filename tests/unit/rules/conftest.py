"""A small sound rulebook, to be spoiled by the tests."""

from __future__ import annotations

import textwrap

import pytest

from services.rules.kinds import BOOL, INT, MONEY, TEXT, enumerated, quantity
from services.rules.loading import load
from services.rules.scope import Scope
from services.rules.tree import Const, WordList

REASON = """\
{code}:
  zh: 原因
  en: Reason
  sop: {{zh: 步骤, en: Steps}}
  queue: q
  severity: low
  owner: team
"""

RULE = """\
- id: AMT-001
  title: {zh: 大额, en: High amount}
  owner: risk
  stage: active
  priority: 100
  when: order.amount > params.limit
  then:
    decision: review
    reason: HIGH_AMOUNT
    score: 30
    suggest: {zh: 致电, en: Call}
  tests:
    - {name: above, given: {order.amount: 100.01}, expect: hit}
    - {name: equal, given: {order.amount: 100.00}, expect: miss}
"""


def bundle() -> dict[str, bytes]:
    reasons = "".join(
        REASON.format(code=code) for code in ("ENGINE_FAULT", "FACT_MISSING", "HIGH_AMOUNT")
    )
    params = "limit: {value: 100.00, unit: CNY, min: 1, max: 1000, zh: 上限, en: Limit}\n"
    features = (
        "- {name: orders_phone_10m, event: order, formula: count() by phone over 10m, "
        "title: {zh: 订单数, en: Orders}}\n"
    )
    words = (
        "title: {zh: 词, en: Words}\nkind: words\nentries: [附近, {value: 旧, until: 2026-01-01}]\n"
    )
    texts = {
        "params.yaml": params,
        "reasons.yaml": reasons,
        "features.yaml": features,
        "channels.yaml": "default: {without: []}\nbare: {without: [phone, street]}\n",
        "rates.yaml": "book: CNY\nrates:\n  - {currency: BRL, from: 2017-01-01, rate: 2.12}\n",
        "lists/vague.yaml": words,
        "orders/amount.yaml": RULE,
    }
    return {name: textwrap.dedent(text).encode() for name, text in texts.items()}


@pytest.fixture
def files() -> dict[str, bytes]:
    return bundle()


@pytest.fixture
def rule_text() -> str:
    return RULE


@pytest.fixture
def book_of():
    """Return a function that loads the small book with other conditions."""

    def load_with(*conditions: str, stage: str = "active", then: str = "review"):
        rules = []
        for number, when in enumerate(conditions, 1):
            text = RULE.replace("AMT-001", f"TST-{number:03d}")
            text = text.replace("when: order.amount > params.limit", f"when: {_quoted(when)}")
            text = text.replace("stage: active", f"stage: {stage}")
            rules.append(text.replace("decision: review", f"decision: {then}"))
        return load(bundle() | {"orders/amount.yaml": "".join(rules).encode()})

    return load_with


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@pytest.fixture(scope="session")
def scope() -> Scope:
    return Scope(
        facts={
            "amount": MONEY,
            "discount": MONEY,
            "channel": enumerated("olist", "taobao"),
            "vip": BOOL,
            "street": TEXT,
            "n": INT,
            "m": INT,
            "load_g": quantity("g"),
            "decision.day": INT,
        },
        line_facts={"qty": INT, "sku": TEXT, "price": MONEY, "gift": BOOL},
        params={"limit": Const(10_000, MONEY, "params.limit")},
        lists={
            "vague": WordList("lists.vague", (("附近", None), ("旧", 100))),
            "codes": WordList("lists.codes", ((1, None), (2, 50))),
        },
    )
