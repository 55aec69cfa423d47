"""`confined`: functions that run in a restricted copy of this process."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from . import _values
from ._errors import AnswerError
from ._limits import Limits
from ._ringfence import Policy, Sandbox, confine

__all__ = ["confined"]

F = TypeVar("F", bound=Callable[..., Any])


def confined(
    policy: Policy | Sandbox,
    *,
    limits: Limits | None = None,
    longest_answer: int = 1 << 20,
    raises: Sequence[type[Exception]] = (),
) -> Callable[[F], F]:
    """Make a function run in a copy of this process that the policy restricts, each time that it is called.

    For code that reads what strangers wrote. The copy is made by fork: it sees all of this process's memory, has no
    descriptors but standard error, and only the calling thread goes on in it, so that a lock which another thread held
    stays locked: give it a time (`Limits(wall=5)`).

    Its answer is read as data and never unpickled: None, bool, int, float, str, bytes, list, tuple, dict, set and
    frozenset, nested at most 100 levels, in at most `longest_answer` bytes of text. What is hostile there can still
    answer anything of these types. Exceptions travel back if they are Python's own or one of `raises`, and as
    `RemoteError` else.

    Raises `ConfineError` where there is no answer; its subclasses tell why.
    """
    for kind in raises:
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            raise TypeError("raises: expected classes of exceptions")

    def decorate(function: F) -> F:
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError("a confined function returns a value: it can be neither a coroutine nor a generator")

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            act = functools.partial(_answer, function, args, kwargs)
            text = confine(policy, act, limits=limits, longest_answer=longest_answer)
            if text.startswith(_UNWRITTEN):
                raise AnswerError(_values.printable(text[len(_UNWRITTEN) :]))
            return _values.read(text, raises)

        wrapped: Any = call
        confined_function: F = wrapped
        return confined_function

    return decorate


#: What no JSON begins with: a sentence follows that says why there is no answer.
_UNWRITTEN = "!"


def _answer(function: Callable[..., Any], args: Any, kwargs: Any) -> str:
    """Call a function in the copy, and return its answer as text, whatever happens."""
    try:
        return _values.write(function(*args, **kwargs))
    except AnswerError as fault:
        return f"{_UNWRITTEN}{fault}"
    except BaseException as error:
        return _values.write_error(error)
    finally:
        # There may be none, it may be closed, or be another's object; the answer does not depend on it.
        with contextlib.suppress(Exception):
            sys.stderr.flush()
