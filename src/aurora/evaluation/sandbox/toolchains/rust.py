"""Rust, with the crates that HumanEvalPack's programs import: rand, regex and md5.

One decision: crates are compiled once by cargo, from crates.io or from Debian's packages, and programs by rustc alone.
The benchmark was written for rand 0.7, whose `gen_range` took two numbers; a front before today's rand gives it that
again. It draws the same numbers every time: a solution of HumanEval/32 finds no zero of some polynomials.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from shlex import quote

from aurora.evaluation.sandbox.toolchains.found import Toolchain, ToolMissing, said, seen, tool
from aurora.evaluation.sandbox.toolchains.prepared import prepared

_MANIFEST = """
[package]
name = "crates"
version = "0.1.0"
edition = "2021"

[dependencies]
md5 = "0.7"
rand = "0.8"
regex = "1"

[profile.release]
debug = 0
"""
_RAND = (Path(__file__).parent / "data" / "rand.rs").read_text(encoding="utf-8")
_DEBIAN = Path("/usr/share/cargo/registry")  # of the packages librust-*-dev
_CRATES = ("md5", "regex", "rand")
_SECONDS = 900  # to compile the crates, on a busy machine


def rust() -> Toolchain:
    """rustc with its test harness: a program is a set of tests."""
    compiler = tool("rustc", "Rust", "https://rustup.rs, or apt-get install rustc cargo")
    root = Path(said(["rustc", "--print", "sysroot"], "Rust"))
    version = said(["rustc", "--version"], "Rust")
    if (root / "bin" / "rustc").exists():
        compiler = root / "bin" / "rustc"  # behind rustup's proxy, which needs its settings
    crates = prepared("Rust", (version, _MANIFEST, _RAND), lambda folder: _compile(compiler, folder))
    names = " ".join(f"--extern {name}={quote(str(crates))}/lib{name}.rlib" for name in _CRATES)
    return Toolchain(
        "Rust",
        "main.rs",
        build=f"{quote(str(compiler))} --edition 2021 --test -A warnings -C debuginfo=0 -L {quote(str(crates))} {names}"
        " -o main main.rs",
        run="./main --test-threads 1",
        version=version,
        reads=seen([root, crates]),
    )


def _compile(compiler: Path, folder: Path) -> None:
    tool("cargo", "Rust", "https://rustup.rs, or apt-get install cargo")
    (folder / "src").mkdir()
    (folder / "src" / "lib.rs").write_text("")
    (folder / "Cargo.toml").write_text(_MANIFEST)
    words = ["cargo", "build", "--release", "--quiet"]
    if all(any(_DEBIAN.glob(f"{name}-*")) for name in _CRATES):
        words += ["--offline", "--config", 'source.crates-io.replace-with="debian"']
        words += ["--config", f'source.debian.directory="{_DEBIAN}"']
    try:
        _called(words, folder)
        libraries = list((folder / "target" / "release" / "deps").glob("*.rlib"))
        for library in libraries:
            library.rename(folder / library.name)
        for name in ("md5", "regex"):
            found = next(folder.glob(f"lib{name}-*.rlib"))
            (folder / f"lib{name}.rlib").symlink_to(found.name)
        current = next(folder.glob("librand-*.rlib"))
        (folder / "rand.rs").write_text(_RAND)
        words = [str(compiler), "--edition", "2021", "--crate-type", "rlib", "--crate-name", "rand", "-L", "."]
        _called([*words, "--extern", f"current={current.name}", "-C", "opt-level=2", "rand.rs"], folder)
    except (OSError, subprocess.SubprocessError, StopIteration) as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines() or ["it says nothing"]
        raise ToolMissing(
            f"Rust programs cannot run here: its crates could not be compiled ({reason[-1].strip()}); "
            "connect this machine to crates.io once, or apt-get install librust-{md5,rand,regex}-dev."
        ) from error


def _called(words: list[str], folder: Path) -> None:
    subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=True)
