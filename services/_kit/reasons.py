"""Why a call is refused: stable names for programs, texts for people.

The kit declares the reasons that any service may give. A service adds its own in a `StrEnum`
and calls `declare` with a text for each of its members; the values are unique across services.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Text(NamedTuple):
    """What people read; `{name}` is replaced by the refusal's fact of that name."""

    zh: str
    en: str


class Reason(StrEnum):
    """Reasons that any service may give."""

    MALFORMED = "MALFORMED"
    UNDECODABLE = "UNDECODABLE"
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    REQUIRED = "REQUIRED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    UNKNOWN_VALUE = "UNKNOWN_VALUE"
    MATRIX_SHAPE = "MATRIX_SHAPE"
    CURSOR_INVALID = "CURSOR_INVALID"
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"  # noqa: S105 - the name of a fault
    PAGE_TOKEN_OTHER_QUERY = "PAGE_TOKEN_OTHER_QUERY"  # noqa: S105 - the name of a fault
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    STALE_REVISION = "STALE_REVISION"
    WRONG_STATE = "WRONG_STATE"
    OVERLOADED = "OVERLOADED"
    QUEUE_FULL = "QUEUE_FULL"
    DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    STORAGE_FULL = "STORAGE_FULL"
    PEER_UNAVAILABLE = "PEER_UNAVAILABLE"
    WORKER_LOST = "WORKER_LOST"
    SHUTTING_DOWN = "SHUTTING_DOWN"
    DEADLINE_TOO_SHORT = "DEADLINE_TOO_SHORT"
    FORBIDDEN = "FORBIDDEN"
    UNKNOWN_ROLE = "UNKNOWN_ROLE"
    NO_IDENTITY = "NO_IDENTITY"
    INTERNAL = "INTERNAL"


_TEXTS: dict[str, Text] = {}


def declare(texts: Mapping[StrEnum, Text]) -> None:
    """Add the texts of a service's own reasons.

    Raises
    ------
    ValueError
        When a member of an enumeration given here has no text, or a value is taken.
    """
    for kind in {type(reason) for reason in texts}:
        missing = sorted(set(kind) - set(texts))
        if missing:
            raise ValueError(f"no text for {', '.join(missing)}")
    for reason, text in texts.items():
        known = _TEXTS.setdefault(reason.value, text)
        if known != text:
            raise ValueError(f"{reason.value} is declared twice")


def text_of(reason: StrEnum) -> Text:
    """Return the texts of `reason`, its name where none was declared."""
    return _TEXTS.get(reason.value, Text(reason.value, reason.value))


declare(
    {
        Reason.MALFORMED: Text("请求内容有误。", "The request is malformed."),
        Reason.UNDECODABLE: Text(
            "请求无法解析：不是有效的消息或含有非 UTF-8 文本。",
            "The request is no valid message, or holds text that is not UTF-8.",
        ),
        Reason.MESSAGE_TOO_LARGE: Text(
            "请求大小为 {actual} 字节，超过上限 {limit} 字节。",
            "The request has {actual} bytes; at most {limit} are taken.",
        ),
        Reason.REQUIRED: Text("缺少必填字段。", "A required field is missing."),
        Reason.OUT_OF_RANGE: Text("数值超出允许范围。", "The value is out of range."),
        Reason.TOO_LONG: Text("文本过长。", "The text is too long."),
        Reason.TOO_MANY: Text("条目过多。", "There are too many entries."),
        Reason.UNKNOWN_VALUE: Text("取值不在允许列表中。", "The value is not one of those known."),
        Reason.MATRIX_SHAPE: Text("矩阵形状不正确。", "The matrix has the wrong shape."),
        Reason.CURSOR_INVALID: Text("游标无效。", "The cursor is not one of ours."),
        Reason.PAGE_TOKEN_INVALID: Text("分页标记无效。", "The page token is not one of ours."),
        Reason.PAGE_TOKEN_OTHER_QUERY: Text(
            "分页标记属于另一个查询。", "The page token belongs to another query."
        ),
        Reason.REQUEST_ID_REUSED: Text(
            "该请求编号已用于不同内容的请求。",
            "The request id was used before with another body.",
        ),
        Reason.NOT_FOUND: Text("未找到。", "Not found."),
        Reason.ALREADY_EXISTS: Text("已存在。", "It exists already."),
        Reason.STALE_REVISION: Text(
            "数据已被他人修改，请刷新后重试。", "It was changed meanwhile; read it again."
        ),
        Reason.WRONG_STATE: Text("当前状态不允许此操作。", "Its state does not allow this."),
        Reason.OVERLOADED: Text("系统繁忙，请稍后重试。", "Too many calls; try again shortly."),
        Reason.QUEUE_FULL: Text("队列已满，请稍后重试。", "The queue is full; try again shortly."),
        Reason.DATABASE_UNAVAILABLE: Text(
            "数据库暂不可用，请稍后重试。", "The database does not answer; try again shortly."
        ),
        Reason.OUTCOME_UNKNOWN: Text(
            "结果未知，请用相同的请求编号重试。",
            "The outcome is unknown; repeat with the same request id.",
        ),
        Reason.STORAGE_FULL: Text(
            "存储空间已满，暂时无法写入。", "Storage is full; writes are refused for now."
        ),
        Reason.PEER_UNAVAILABLE: Text(
            "依赖的服务暂不可用，请稍后重试。",
            "A service this call needs does not answer; try again shortly.",
        ),
        Reason.WORKER_LOST: Text(
            "计算进程中断，请稍后重试。", "The worker process was lost; try again."
        ),
        Reason.SHUTTING_DOWN: Text(
            "服务正在停止，请稍后重试。", "The service is stopping; try again shortly."
        ),
        Reason.DEADLINE_TOO_SHORT: Text(
            "剩余时间不足。", "The deadline leaves no time for the work."
        ),
        Reason.FORBIDDEN: Text("无权执行此操作。", "This role may not do this."),
        Reason.UNKNOWN_ROLE: Text("未知角色。", "The role is not known."),
        Reason.NO_IDENTITY: Text("缺少有效身份。", "The caller has no valid identity."),
        Reason.INTERNAL: Text(
            "内部错误，编号 {error_id}。", "Internal error; its id is {error_id}."
        ),
    }
)
