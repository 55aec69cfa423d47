"""Values that a confined function answers with, as text, and back.

The text comes from a process that a stranger may have taken over. So it is read as data: JSON, in which one key marks
what JSON has no form for. Neither pickle, which calls what it is told to, nor marshal, which is not made for data from
strangers, nor the parser of Python itself.
"""

from __future__ import annotations

import base64
import binascii
import builtins
import json
import traceback
from collections.abc import Sequence
from typing import Any

from ._errors import AnswerError, RemoteError

__all__ = ["printable", "read", "write", "write_error"]

#: So deep may values be within values.
_DEEPEST = 100
#: Whole numbers with more digits are written as hexadecimal ones, which are read in linear time.
_DIGITS = 20
_PASSED_ON = (
    "None, bool, int, float, str, bytes, list, tuple, dict, set and frozenset are passed on, also within each other"
)


def write(value: Any) -> str:
    """Return the text for a value."""
    return json.dumps({"value": _plain(value, _DEEPEST)})


def write_error(error: BaseException) -> str:
    """Return the text for an exception."""
    kind = type(error)
    own: tuple[Any, ...] = error.args
    if isinstance(error, OSError) and error.filename is not None:
        # Its arguments leave out the file, which it takes as a third one.
        own = (error.errno, error.strerror, error.filename)
    try:
        arguments = _plain(list(own), _DEEPEST)
    except AnswerError:
        arguments = None
    try:
        said = str(error)
    except Exception:
        said = "(an exception that cannot be shown)"
    lines = traceback.format_exception(kind, error, error.__traceback__)
    raised = {
        "module": kind.__module__,
        "name": kind.__qualname__,
        "arguments": arguments,
        "text": said,
        "traceback": "".join(lines),
    }
    return json.dumps({"raised": raised})


def _plain(value: Any, levels: int) -> Any:
    if levels == 0:
        raise AnswerError(f"the answer is nested too deeply: more than {_DEEPEST} levels")
    kind = type(value)
    if value is None or kind in (bool, float, str):
        return value
    if kind is int:
        return value if abs(value) < 10 ** (_DIGITS - 1) else {"int": hex(value)}
    if kind is bytes:
        return {"bytes": base64.b64encode(value).decode()}
    if kind is list:
        return [_plain(item, levels - 1) for item in value]
    if kind in (tuple, set, frozenset):
        return {kind.__name__: [_plain(item, levels - 1) for item in value]}
    if kind is dict:
        return {"dict": [[_plain(part, levels - 1) for part in item] for item in value.items()]}
    raise AnswerError(f"cannot pass on a value of type {kind.__qualname__}; {_PASSED_ON}")


def read(text: str, raises: Sequence[type[Exception]]) -> Any:
    """Return the value that a text stands for, or raise the exception.

    Raises `AnswerError` for a text that stands for none.
    """
    try:
        answer = json.loads(text, parse_int=_int)
        if not isinstance(answer, dict) or len(answer) != 1:
            raise AnswerError("the answer is none of a confined function")
        (kind, content), *_ = answer.items()
        if kind == "value":
            return _value(content, _DEEPEST)
        error, cause = _error(content, raises) if kind == "raised" else (None, None)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as fault:
        raise AnswerError(printable(f"the answer cannot be read: {fault}")) from None
    if error is None:
        raise AnswerError("the answer is none of a confined function")
    raise error from cause


def _int(digits: str) -> int:
    if len(digits) > _DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _value(content: Any, levels: int) -> Any:
    if levels == 0:
        raise ValueError(f"it is nested too deeply: more than {_DEEPEST} levels")
    if isinstance(content, list):
        return [_value(item, levels - 1) for item in content]
    if not isinstance(content, dict):
        return content
    if len(content) != 1:
        raise ValueError("a value is not marked")
    (kind, inner), *_ = content.items()
    if kind == "int":
        return int(inner, 16)
    if kind == "bytes":
        return base64.b64decode(inner, validate=True)
    if not isinstance(inner, list):
        raise ValueError("a value is not marked")
    if kind == "dict":
        return {_value(key, levels - 1): _value(value, levels - 1) for key, value in inner}
    makers: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
    return makers[kind](_value(item, levels - 1) for item in inner)


def _error(content: Any, raises: Sequence[type[Exception]]) -> tuple[Exception, Exception]:
    """Return the exception to raise, and the one that shows where it comes from."""
    module, name, text, lines = (content[key] for key in ("module", "name", "text", "traceback"))
    if not all(isinstance(part, str) for part in (module, name, text, lines)):
        raise ValueError("an exception is not told as text")
    lines = printable(lines)
    remote = RemoteError(printable(name), printable(text), lines)
    kind = _class(module, name, raises)
    if kind is None or content["arguments"] is None:
        return remote, _Traceback(lines)
    arguments = _value(content["arguments"], _DEEPEST)
    try:
        made = kind(*arguments)
        error = made if _can_be_shown(made) else remote
    except Exception:
        error = remote
    return error, _Traceback(lines)


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal that it is shown on."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else ascii(character)[1:-1] for character in text
    )


#: Exceptions that would be taken for something else than a failure.
_MISLEADING = (StopIteration, StopAsyncIteration)


def _class(module: str, name: str, raises: Sequence[type[Exception]]) -> type[Exception] | None:
    """Return the class of an exception that may be made: Python's own, and those that the caller names."""
    for kind in raises:
        if (kind.__module__, kind.__qualname__) == (module, name):
            return kind
    own = getattr(builtins, name, None) if module == "builtins" else None
    if isinstance(own, type) and issubclass(own, Exception) and not issubclass(own, _MISLEADING):
        return own
    return None


def _can_be_shown(error: Exception) -> bool:
    """Tell whether the places that an exception names are in the text that it names.

    Python looks there when it shows the exception, wherever that is: the interpreter crashes, or draws a line of any
    length.
    """
    if isinstance(error, (UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError)):
        return 0 <= error.start <= error.end <= len(error.object)
    if isinstance(error, SyntaxError):
        # Columns count bytes in some of its messages, and its carets may stand behind the last.
        most = 2 + len((error.text or "").encode(errors="replace"))
        columns = (error.offset, getattr(error, "end_offset", None))
        return all(column is None or -1 <= column <= most for column in columns)
    return True


class _Traceback(Exception):
    """Where a confined function raised an exception, as text: shown above the exception."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"
