"""Go, without its build command.

One decision: the compiler and the linker are called directly, on archives of the standard library that were compiled
once. `go build` in an empty jail would compile that library for every program, ten seconds each time. Tests of
benchmarks call testify's `assert`; the few functions of it that they use are here, so that nothing is fetched.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from shlex import quote

from aurora.evaluation.sandbox.toolchains.found import Toolchain, ToolMissing, said, seen, tool
from aurora.evaluation.sandbox.toolchains.prepared import final_name, prepared

# What a program may import. All of the library would take minutes to compile, for servers and formats nobody asks for.
PACKAGES = (
    *("bufio", "bytes", "container/heap", "container/list", "container/ring", "context", "crypto/md5", "crypto/sha1"),
    *("crypto/sha256", "encoding/base64", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "hash"),
    *(
        "hash/crc32",
        "io",
        "math",
        "math/big",
        "math/bits",
        "math/cmplx",
        "math/rand",
        "os",
        "path",
        "reflect",
        "regexp",
    ),
    *("runtime", "sort", "strconv", "strings", "sync", "sync/atomic", "testing", "text/tabwriter", "time", "unicode"),
    *("unicode/utf16", "unicode/utf8", "unsafe"),
)
ASSERT = "github.com/stretchr/testify/assert"
_ASSERT = (Path(__file__).parent / "data" / "assert.go").read_text(encoding="utf-8")


def go() -> Toolchain:
    """Go 1.18 or newer, and the archives that programs import."""
    program = tool("go", "Go", "apt-get install golang-go")
    version = said([str(program), "version"], "Go")
    tools = Path(said([str(program), "env", "GOTOOLDIR"], "Go"))
    root = Path(said([str(program), "env", "GOROOT"], "Go"))
    archives = prepared("Go", (version, *PACKAGES, _ASSERT), lambda folder: _compile(program, tools, folder))
    index = quote(str(archives / "importcfg"))
    compiler, linker = (quote(str(tools / name)) for name in ("compile", "link"))
    return Toolchain(
        "Go",
        "main.go",
        build=f"{compiler} -p main -complete -pack -importcfg {index} -o main.a main.go"
        f" && {linker} -importcfg {index} -s -w -o main main.a",
        run="./main",
        version=version.removeprefix("go version "),
        reads=seen([archives, root, tools]),
        environment={"GOROOT": str(root), "GOMAXPROCS": "2"},
    )


def _compile(program: Path, tools: Path, folder: Path) -> None:
    """Archives of `PACKAGES`, of all they import and of `assert`, with the index that compiler and linker read."""
    with tempfile.TemporaryDirectory() as cache:
        settings = {"GOCACHE": cache, "GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
        environment = os.environ | settings
        fields = "{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}"
        listed = _called([str(program), "list", "-export", "-deps", "-f", fields, *PACKAGES], environment, folder)
        lines = []
        for number, line in enumerate(filter(None, listed.splitlines())):
            package, _, archive = line.partition(" ")
            (folder / f"{number}.a").write_bytes(Path(archive).read_bytes())
            lines.append(f"packagefile {package}={{}}/{number}.a")
    # The index names the folder under which it will lie, not the one in which it is made.
    final = final_name(folder)
    source = folder / "assert.go"
    source.write_text(_ASSERT)
    (folder / "now").write_text("".join(f"{line.format(folder)}\n" for line in lines))
    words = [
        str(tools / "compile"),
        "-p",
        ASSERT,
        "-complete",
        "-pack",
        "-importcfg",
        "now",
        "-o",
        "assert.a",
        "assert.go",
    ]
    _called(words, dict(os.environ), folder)
    lines.append(f"packagefile {ASSERT}={{}}/assert.a")
    (folder / "importcfg").write_text("".join(f"{line.format(final)}\n" for line in lines))


def _called(words: list[str], environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, env=environment, cwd=folder)
    if done.returncode:
        reason = json.dumps(done.stderr.strip()[-300:])
        raise ToolMissing(f"Go programs cannot run here: Go's library could not be compiled ({reason}).")
    return done.stdout
