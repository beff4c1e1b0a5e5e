"""The compiler of the kernels: machine code that is cached between runs and runs without the interpreter's lock.

One decision: machine code is cached under a hash of everything it was made from: the code of the function and of all
functions it calls, in whatever module, the constants they read, the types of the arguments with their fields, the
compiler and the processor. Numba's own cache looks only at the file of the cached function and would go on running an
old helper or constant from another file; so numba is imported here and nowhere else. Each piece of machine code is a
file that never changes, which any number of processes may write at once.
"""

from __future__ import annotations

import dis
import importlib.util
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np
import xxhash
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from aurora.files import default_cache

# Files kept in a folder; the oldest are deleted. About eight versions of all kernels, 100 kB each.
MOST_FILES = 200
_CHECK = 16  # bytes of hash before the content of a file
# Numba gives these no types.
_rebuilt: Any = CompileResult._rebuild
_dumps: Any = dumps
_COMPILER = (numba.__version__, llvmlite.__version__, np.__version__, sys.implementation.cache_tag)


def compiled(function: Callable[..., Any]) -> Any:
    """A helper: compiled into the entry points that call it."""
    return numba.njit(nogil=True, error_model="numpy")(function)  # numpy's model divides without checking for zero


def inlined(function: Callable[..., Any]) -> Any:
    """A helper whose statements replace each call of it."""
    return numba.njit(nogil=True, error_model="numpy", inline="always")(function)


def entry_point(function: Callable[..., Any]) -> Any:
    """A function called from Python: compiled once, and again only when anything it is made of changes."""
    dispatcher = compiled(function)
    dispatcher._cache = _Cache(dispatcher)
    return dispatcher


class _Cache(NullCache):
    """The cached machine code of an entry point, in the form that numba's dispatcher asks for.

    If a file or folder cannot be used (read-only, full, damaged, just deleted), the function is compiled.
    """

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The cached code for a signature, or None."""
        target_context.refresh()
        name = self.name(sig, target_context.codegen())
        for folder in folders():
            with suppress(Exception):  # unpickling and linking may raise anything
                content = (folder / name).read_bytes()
                if xxhash.xxh3_128_digest(content[_CHECK:]) == content[:_CHECK]:
                    return _rebuilt(target_context, *pickle.loads(content[_CHECK:]))
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Cache the code for a signature in the first folder that can be written to."""
        name, content = self.name(sig, data.codegen), _dumps(data._reduce())
        for folder in folders():
            with suppress(OSError):
                _write(folder / name, xxhash.xxh3_128_digest(content) + content)
                return

    def name(self, sig: Any, codegen: Any) -> str:
        """The name of the file for a signature."""
        parts = (_COMPILER, codegen.magic_tuple(), sig, [_fields(kind) for kind in sig], self._made_of)
        function = self._dispatcher.py_func
        digest = xxhash.xxh3_128_hexdigest(repr(parts).encode())
        return f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}-{digest}.nbc"

    @cached_property
    def _made_of(self) -> str:
        """A hash of code and constants, computed at the first call, when all names are bound."""
        digest = xxhash.xxh3_128()
        for part in _parts(self._dispatcher):
            digest.update(repr(part).encode())
        return digest.hexdigest()


def folders() -> tuple[Path, ...]:
    """The folders of cached machine code: beside the bytecode of this module, and in the user's cache.

    Of an installed package the user's cache alone: pip would leave behind what it has not put there.
    """
    in_cache, beside = default_cache() / "kernels", Path(importlib.util.cache_from_source(__file__)).parent
    is_installed = not {"site-packages", "dist-packages"}.isdisjoint(beside.parts)
    return (in_cache,) if is_installed else (beside / "kernels", in_cache)


def nothing_kept() -> bool:
    """Whether no kernel was ever compiled here, so that the first build takes a minute more."""
    return not any(next(folder.glob("*.nbc"), None) for folder in folders())


def _parts(kernel: Any) -> Iterator[Any]:
    """What a kernel is made of: its code and constants, and those of the kernels it calls."""
    waiting, seen = [kernel], {kernel}
    while waiting:
        part = waiting.pop()
        function = part.py_func
        yield function.__module__, function.__qualname__, sorted(part.targetoptions.items()), _code(function.__code__)
        yield _plain("defaults", function.__defaults__ or ())
        closed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        values = {name: cell.cell_contents for name, cell in closed}
        values |= {name: function.__globals__.get(name) for name in sorted(set(_globals(function.__code__)))}
        for name, value in values.items():
            if not hasattr(value, "py_func"):
                yield name, _plain(f"{function.__module__}.{name}", value)
            elif value not in seen:
                seen.add(value)
                waiting.append(value)


def _code(code: CodeType) -> tuple[Any, ...]:
    """What a function does, without its file and line numbers."""
    constants = [_code(value) if isinstance(value, CodeType) else value for value in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, constants


def _globals(code: CodeType) -> Iterator[str]:
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            yield step.argval
        elif isinstance(step.argval, CodeType):
            yield from _globals(step.argval)


def _plain(name: str, value: Any) -> Any:
    """A constant of a kernel in a form whose `repr` is equal for equal constants, and for no others."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, xxhash.xxh3_128_hexdigest(value.tobytes())
    if isinstance(value, tuple):
        return type(value).__qualname__, *(_plain(name, item) for item in value)
    if value is None or isinstance(value, bool | int | float | str | bytes | np.generic):  # None is a builtin's
        return type(value).__qualname__, repr(value)
    if isinstance(value, type):
        return value.__module__, value.__qualname__, getattr(value, "_fields", ())
    if isinstance(value, ModuleType) and value is np:
        return value.__name__
    raise TypeError(f"{name} is a {type(value).__name__}, which a kernel cannot read: pass it as an argument.")


def _fields(kind: Any) -> Any:
    """The fields of a type in order, which its name leaves out; None if it has none."""
    fields = getattr(kind, "fields", None)
    return (fields, [_fields(part) for part in kind]) if isinstance(fields, tuple) else None


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically. Not `files.atomic_file`: a cache needs no flush to disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(".partial", dir=path.parent)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
        Path(partial).chmod(0o644)  # another user may run what this one compiled
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    with suppress(OSError):  # another process may delete the same files
        for old in sorted(path.parent.iterdir(), key=lambda file: file.stat().st_mtime_ns)[:-MOST_FILES]:
            old.unlink()
