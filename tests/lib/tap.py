"""A tiny test harness: main() runs every test_* function of a file, in the order
in which they stand there, and prints TAP 13. One test can be many: see @each."""

import concurrent.futures
import contextlib
import difflib
import os
import re
import signal
import sys
import time
import traceback


class Skip(Exception):
    """Raised by skip(): the test cannot run here."""


class Failed(AssertionError):
    """Raised by the helpers below: what was found is not what was expected."""


def skip(reason):
    raise Skip(reason)


def fail(text):
    raise Failed(text)


def check(condition, text):
    if not condition:
        fail(text)


def equal(got, wanted, what="value"):
    if got == wanted:
        return
    if isinstance(got, str) and isinstance(wanted, str) and "\n" in got + wanted:
        diff = difflib.unified_diff(wanted.splitlines(), got.splitlines(), "wanted", "got", lineterm="")
        fail(f"{what} differs:\n" + "\n".join(diff))
    fail(f"{what}: got {got!r}\nwanted {wanted!r}")


def contains(text, part, what="text"):
    if part not in text:
        fail(f"{what} lacks {part!r}:\n{text}")


def lacks(text, part, what="text"):
    if part in text:
        fail(f"{what} must not hold {part!r}:\n{text}")


def matches(text, pattern, what="text"):
    """PATTERN is searched, not anchored."""
    if not re.search(pattern, text, re.M):
        fail(f"{what} does not match /{pattern}/:\n{text}")


def between(got, low, high, what="value"):
    if not low <= got <= high:
        fail(f"{what}: got {got}, wanted {low} to {high}")


@contextlib.contextmanager
def raises(kind):
    try:
        yield
    except kind:
        return
    fail(f"{kind.__name__} was not raised")


def wait_until(condition, seconds=5, what="condition"):
    """Polls; gives back what CONDITION gave, once it is true."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            fail(f"{what}: still not so after {seconds} s")
        time.sleep(0.01)


def each(**cases):
    """@each(name=arguments, …): the function is run once for each case."""
    def mark(function):
        function.tap_cases = cases
        return function
    return mark


def together(function):
    """For tests that mostly wait. All cases of an @each function are run at once; so are
    all functions without cases."""
    function.tap_group = function if hasattr(function, "tap_cases") else together
    return function


def tests_of(module):
    for name, function in list(vars(module).items()):
        if not name.startswith("test_") or not callable(function):
            continue
        title = name[len("test_"):].replace("_", " ")
        cases = getattr(function, "tap_cases", None)
        if cases is None:
            yield title, function, ()
            continue
        for case, arguments in cases.items():
            if not isinstance(arguments, tuple):
                arguments = (arguments,)
            yield f"{title}: {case.replace('_', ' ')}", function, arguments


def say(line):
    print(line, flush=True)


def outcome_of(function, arguments):
    """What happened, as the three pieces of a TAP line and its explanation."""
    try:
        function(*arguments)
    except Skip as reason:
        return "ok", f" # SKIP {reason}", ""
    except Failed as error:
        where = traceback.extract_tb(error.__traceback__)
        helpers = os.path.dirname(os.path.abspath(__file__))
        place = next((f for f in reversed(where) if os.path.dirname(os.path.abspath(f.filename)) != helpers), where[-1])
        return "not ok", "", f"{place.filename}:{place.lineno}: {error}"
    except Exception:
        return "not ok", "", traceback.format_exc()
    return "ok", "", ""


def outcomes(tests):
    """In the order of the tests, also where some run together."""
    with contextlib.ExitStack() as stack:
        pool = concurrent.futures.ThreadPoolExecutor(16)
        stack.callback(pool.shutdown, cancel_futures=True)
        begun = {}
        for title, function, arguments in tests:
            group = getattr(function, "tap_group", None)
            if group and title not in begun:
                begun.update({t: pool.submit(outcome_of, f, a) for t, f, a in tests
                              if getattr(f, "tap_group", None) is group})
            yield title, begun[title].result() if group else outcome_of(function, arguments)


def end_on_signal(number, _frame):
    # An exception, so that every `with` and `finally` on the way out cleans up.
    raise SystemExit(128 + number)


def main():
    """Runs the tests of the calling file; arguments select by a part of the title."""
    signal.signal(signal.SIGTERM, end_on_signal)
    signal.signal(signal.SIGINT, end_on_signal)
    chosen = [t for t in tests_of(sys.modules["__main__"])
              if not sys.argv[1:] or any(word in t[0] for word in sys.argv[1:])]
    say("TAP version 13")
    say(f"1..{len(chosen)}")
    good = True
    for number, (title, (word, note, text)) in enumerate(outcomes(chosen), 1):
        say(f"{word} {number} - {title}{note}")
        for line in text.rstrip().splitlines():
            say(f"# {line}")
        good = good and word == "ok"
    sys.exit(0 if good else 1)
