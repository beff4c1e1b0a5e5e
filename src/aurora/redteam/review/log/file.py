"""A log as a file: JSON lines, one event a line.

One decision: a file is replayed as it is read, so a sound log takes the memory of its state and not of its events; only
one that is not sound is read whole, to say what is wrong with it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from aurora.errors import AuroraError, UserError
from aurora.files import atomic_file, open_regular
from aurora.redteam.review.log.chain import is_signed
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.faults import Fault, faults_of
from aurora.redteam.review.log.keys import public_key
from aurora.redteam.review.log.replay import apply
from aurora.redteam.review.log.state import State
from aurora.redteam.review.log.values import LONGEST_LINE

LARGEST_BROKEN = 4_000_000_000  # bytes of a log that are read at once to say what is wrong with it


@dataclass(frozen=True)
class Verified:
    """A log that was read: its state, where all is well, and what is wrong with it."""

    state: State | None
    faults: list[Fault] = field(default_factory=list)


def write_log(path: Path, events: Iterable[Event]) -> int:
    """Write events as a log; returns how many there are."""
    count = 0
    with atomic_file(path) as stream:
        for event in events:
            stream.write(event.line + b"\n")
            count += 1
    return count


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a log without their ends; `UserError` for a file that is none or has a line without an end."""
    try:
        with open_regular(path) as stream:
            while line := stream.readline(LONGEST_LINE + 2):
                if len(line) > LONGEST_LINE + 1:
                    raise UserError(f"{path} has a line of more than {LONGEST_LINE:,} bytes: give the log of a review.")
                yield line.removesuffix(b"\n")
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: give the log of a review, as JSON lines.") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its permissions and the disk.") from error
    except UserError:
        raise
    except AuroraError as error:  # a folder or a pipe
        raise UserError(str(error)) from error


def verify(path: Path, expected_key: str = "", first: int | None = None) -> Verified:
    """Replay a log, or its `first` events, and check its chain; the key must be `expected_key` (hex), where that is
    given."""
    if expected_key:
        public_key(expected_key)
    if path.is_dir():
        raise UserError(
            f"{path} is a folder: give a log as a file (`aurora redteam review --data {path} --save-log FILE`)."
        )
    try:
        return Verified(_replayed(path, expected_key, first))
    except _Unsound as error:
        if path.stat().st_size > LARGEST_BROKEN:
            raise UserError(f"{path} is no sound log, and too large to say why: {error}") from error
        lines = list(read_lines(path))
        if lines and all(line.endswith(b"\r") for line in lines):
            raise UserError(
                f"{path} has the line ends of Windows, which no log has: restore it, or run dos2unix on it."
            ) from error
        if not any(map(_is_event, lines)):
            raise UserError(
                f"{path} is no log of a review: give one that `aurora redteam review --save-log` wrote."
            ) from error
        _, faults = faults_of(lines, expected_key)
        return Verified(None, faults or [Fault(error.line, str(error))])


def read_state(path: Path) -> State:
    """The state of a log that has to be sound; `UserError` names the first thing that is wrong with it."""
    read = verify(path)
    if read.state is None:
        first, *others = read.faults
        more = f" (and {len(others):,} more; `aurora redteam verify {path}` lists them)" if others else ""
        raise UserError(f"{path}, line {first.line}: {first.sentence.removesuffix('.')}{more}: restore it from a copy.")
    return read.state


def _is_event(line: bytes) -> bool:
    try:
        Event.read(line)
    except UserError:
        return False
    return True


class _Unsound(Exception):
    """Something in a log is not as it was written, or could not have happened."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Let what is read stay without being looked through for garbage again and again: a third of the time of a log."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@_nothing_collected()
def _replayed(path: Path, expected_key: str, first: int | None) -> State:
    state = State()
    event: Event | None = None
    for number, line in enumerate(islice(read_lines(path), first), 1):
        try:
            event = Event.read(line)
            apply(state, event)
        except UserError as error:
            raise _Unsound(number, str(error)) from error
    if event is None or state.head is None:
        raise _Unsound(1, "the log is empty")
    if expected_key and state.head.key != expected_key:
        raise _Unsound(1, f"the log is signed with the key {state.head.key}, not with {expected_key}")
    if not is_signed(event, public_key(state.head.key)):  # the last signature vouches for all before
        raise _Unsound(event.number + 1, f"the signature of event {event.number} is not its own")
    return state
