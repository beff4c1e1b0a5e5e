"""C++ and Java.

One decision: quick builds, not quick programs. Most of a test's time is its compiler's, so little is optimised and the
Java machines keep to one thread and their first compiler. A Java program sees the packages that CLASSPATH names.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from aurora.evaluation.sandbox.toolchains.found import Toolchain, folders_of, installation, said, seen, tool
from aurora.evaluation.sandbox.toolchains.prepared import prepared

_CPP = ("-std=c++17", "-w")  # a header that was compiled with other words is not taken
_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ActiveProcessorCount=1 -XX:-UsePerfData"


def cpp() -> Toolchain:
    """g++, linked with OpenSSL for programs that include it."""
    compiler = tool("g++", "C++", "apt-get install g++")
    version = said([str(compiler), "-dumpfullversion"], "C++")
    headers = prepared("cpp", (str(compiler), version, *_CPP), lambda folder: _precompile(compiler, folder))
    flags = " ".join(_CPP)
    build = f"{quote(str(compiler))} {flags} -I {quote(str(headers))} -o main main.cpp"
    return Toolchain(
        "C++",
        "main.cpp",
        build=f'{build} $(grep -q "<openssl/" main.cpp && echo -lcrypto)',
        run="./main",
        version=f"g++ {version}",
        reads=seen([headers, *([] if compiler.is_relative_to("/usr") else [installation(compiler)])]),
    )


def _precompile(compiler: Path, folder: Path) -> None:
    """`<bits/stdc++.h>`, all of the standard library, which compiles for a second whenever a program includes it."""
    (folder / "bits").mkdir()
    header = folder / "bits" / "all.h"
    header.write_text("#include <bits/stdc++.h>\n")
    words = [str(compiler), *_CPP, "-x", "c++-header", str(header), "-o", str(folder / "bits" / "stdc++.h.gch")]
    said(words, "C++")


def java() -> Toolchain:
    """A JDK; the class with `main` is called Main."""
    compiler = tool("javac", "Java", "apt-get install default-jdk-headless")
    program = compiler.with_name("java")
    flags = " ".join(f"-J{flag}" for flag in _JAVA.split())
    packages = [place for place in folders_of("CLASSPATH") if place.exists()]
    return Toolchain(
        "Java",
        "Main.java",
        build=f"{quote(str(compiler))} {flags} -nowarn -proc:none Main.java",
        run=f"{quote(str(program))} {_JAVA} -ea -Xmx512m Main",  # some benchmarks test by Java's own assertions
        version=said([str(compiler), "-version"], "Java"),
        reads=seen([*([] if compiler.is_relative_to("/usr") else [installation(compiler)]), *_settings(), *packages]),
        environment={"CLASSPATH": ":".join([".", *map(str, packages)])},
    )


def _settings() -> list[Path]:
    """Debian keeps the settings without which a Java machine does not start outside its installation."""
    return sorted(path for path in Path("/etc").glob("java*") if path.is_dir())
