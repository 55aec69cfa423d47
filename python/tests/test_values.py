"""Answers of a copy that was taken over: they are data, or an error."""

from __future__ import annotations

import contextlib
import json
import pickle
import random
import time
from typing import Any

import pytest

from ringfence import AnswerError, RemoteError
from ringfence._values import read, write


class Planted(Exception):
    """Tells that it was made."""

    made = False

    def __init__(self, *_: object) -> None:
        Planted.made = True


def raised(**content: Any) -> str:
    whole = {"module": "builtins", "name": "ValueError", "arguments": [], "text": "t", "traceback": "l", **content}
    return json.dumps({"raised": whole})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "1",
        "[]",
        "{}",
        '{"value"',
        '{"value": 1, "raised": 2}',
        '{"other": 1}',
        '{"value": {}}',
        '{"value": {"tuple": 1}}',
        '{"value": {"tuple": "text"}}',
        '{"value": {"object": []}}',
        '{"value": {"dict": [[1]]}}',
        '{"value": {"dict": [1]}}',
        '{"value": {"dict": [[[], 1]]}}',
        '{"value": {"set": [[]]}}',
        '{"value": {"bytes": "?"}}',
        '{"value": {"bytes": "ä"}}',
        '{"value": {"bytes": 1}}',
        '{"value": {"int": "x"}}',
        '{"value": {"int": 1}}',
        '{"value": ' + "9" * 5000 + "}",
        '{"value": ' + "[" * 101 + "]" * 101 + "}",
        '{"value": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"raised": 1}',
        '{"raised": {}}',
        raised(arguments=1)[:-5],
        raised(arguments={"set": [[]]}),
    ],
)
def test_what_stands_for_nothing_is_an_error(text: str) -> None:
    with pytest.raises(AnswerError):
        read(text, ())


def test_a_deep_answer_does_not_end_this_process() -> None:
    with pytest.raises(AnswerError):
        read('{"value": ' + '{"tuple": [' * 200_000 + "]}" * 200_000 + "}", ())


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("builtins", "object"),
        ("builtins", "type"),
        ("builtins", "__import__"),
        ("builtins", "SystemExit"),
        ("builtins", "KeyboardInterrupt"),
        ("builtins", "StopIteration"),
        ("builtins", "no such"),
        ("os", "error"),
        ("test_values", "Planted"),
    ],
)
def test_no_class_is_made_that_nobody_named(module: str, name: str) -> None:
    with pytest.raises(RemoteError) as error:
        read(raised(module=module, name=name, arguments=["print('x')"]), ())
    assert error.value.name == name
    assert not Planted.made


def test_arguments_that_do_not_fit_make_no_exception() -> None:
    for name in ("UnicodeDecodeError", "ExceptionGroup", "UnicodeEncodeError"):
        with pytest.raises(RemoteError):
            read(raised(name=name, arguments=["x", 1]), ())
    with pytest.raises(AnswerError):
        read(raised(name=3, arguments={"dict": 1}), ())


def test_no_exception_is_made_that_cannot_be_shown() -> None:
    far = 1 << 40
    for name, arguments in [
        ("UnicodeDecodeError", ["utf-8", {"bytes": "eA=="}, -far, 1 - far, "why"]),
        ("UnicodeEncodeError", ["utf-8", "x", far, far + 1, "why"]),
        ("UnicodeTranslateError", ["x", -2, -1, "why"]),
        ("SyntaxError", ["why", {"tuple": ["file", 1, 1, "text", 1, far]}]),
        ("IndentationError", ["why", {"tuple": ["file", 1, far, "text"]}]),
    ]:
        with pytest.raises(RemoteError):
            read(raised(name=name, arguments=arguments), ())
    with pytest.raises(UnicodeDecodeError, match="byte 0x78 in position 0: why"):
        read(raised(name="UnicodeDecodeError", arguments=["utf-8", {"bytes": "eA=="}, 0, 1, "why"]), ())
    with pytest.raises(SyntaxError) as error:
        read(raised(name="SyntaxError", arguments=["why", {"tuple": ["file", 1, 2, "text", 1, 5]}]), ())
    assert error.value.text == "text"


def test_what_a_stranger_says_does_nothing_to_a_terminal() -> None:
    with pytest.raises(RemoteError) as error:
        read(raised(name="\x1b[1m", text="a\x1b]0;b\x07\nä", traceback="\x9b2J\n\tc"), ())
    assert str(error.value) == "the confined function raised \\x1b[1m: a\\x1b]0;b\\x07\nä"
    assert error.value.traceback == "\\x9b2J\n\tc"
    assert "\x9b" not in str(error.value.__cause__)


def test_no_pickle_is_read() -> None:
    class Bomb:
        def __reduce__(self) -> Any:
            return (Planted, ())

    for text in (pickle.dumps(Bomb(), 0).decode("latin-1"), json.dumps({"value": pickle.dumps(Bomb(), 0).decode()})):
        with contextlib.suppress(AnswerError):
            assert isinstance(read(text, ()), str)
    assert not Planted.made


def test_long_numbers_are_read_in_time() -> None:
    number = 7**300_000
    begun = time.monotonic()
    assert read(write(number), ()) == number
    assert time.monotonic() - begun < 5


def test_no_text_gets_anything_but_a_value_or_an_error() -> None:
    chance = random.Random(7)
    honest = [write({"a": [1, (2.5, b"x", {3}), None]}), raised(arguments=[1, "x"]), write(2**200)]
    for _ in range(3000):
        text = list(chance.choice(honest))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(text))
            text[at] = chance.choice('{}[]",:0123456789abcdefx\\é\0')
        what = outcome("".join(text))
        assert what is None or what.__module__ in ("builtins", "ringfence._errors")


def outcome(text: str) -> type[BaseException] | None:
    """Return the class of what reading a text raises. Python's own exceptions may be asked for."""
    try:
        read(text, ())
    except Exception as error:
        return type(error)
    return None
