"""Python, JavaScript, TypeScript, Perl, PHP and Ruby.

One decision: a program sees its language's own library and, where benchmarks need more (lodash, mathjs, Data::Compare),
the folders that NODE_PATH and PERL5LIB name; Python sees no installed package at all.
"""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from shlex import quote
from shutil import which

from aurora.evaluation.sandbox.toolchains.found import (
    Toolchain,
    ToolMissing,
    folders_of,
    installation,
    said,
    seen,
    tool,
)

# TypeScript's types are erased, not checked: a benchmark asks what a function does. Syntax errors are errors.
_ERASE = """
const ts = require(process.argv[1]), fs = require("fs");
const options = {module: "CommonJS", target: "ES2020", esModuleInterop: true};
const text = fs.readFileSync("main.ts", "utf8");
const made = ts.transpileModule(text, {reportDiagnostics: true, compilerOptions: options});
for (const one of made.diagnostics) console.error(ts.flattenDiagnosticMessageText(one.messageText, "\\n"));
fs.writeFileSync("main.js", made.outputText);
process.exit(made.diagnostics.length ? 1 : 0);
"""
_NO_TYPES = "--noCheck --ignoreConfig --module commonjs --target es2020"


def python() -> Toolchain:
    """The interpreter that Aurora itself runs on, without any installed package."""
    base = Path(sys.base_prefix).resolve()
    program = base / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    if not program.exists():
        program = tool("python3", "Python", "apt-get install python3")
        base = installation(program)
    packages = [*base.glob("lib/python3*/site-packages"), *Path("/usr").glob("lib/python3*/dist-packages")]
    packages += Path("/usr/local").glob("lib/python3*/*-packages")
    return Toolchain(
        "Python",
        "main.py",
        build="",
        run=f"{quote(str(program))} -B -s main.py",
        version=platform.python_version()
        if base == Path(sys.base_prefix).resolve()
        else said([str(program), "-V"], "Python"),
        reads=seen([base]),
        hidden=tuple(sorted({folder.resolve() for folder in packages})),
        environment={"PYTHONHASHSEED": "0"},  # a set's order is not luck
    )


def javascript() -> Toolchain:
    """Node, with the packages that Debian and NODE_PATH offer."""
    node = _node("JavaScript")
    return Toolchain(
        "JavaScript",
        "main.js",
        build="",
        run=f"{quote(str(node))} main.js",
        version=said([str(node), "--version"], "JavaScript"),
        reads=seen([*_outside_usr(node), *folders_of("NODE_PATH")]),
        environment={"NODE_PATH": _node_path()},
    )


def typescript() -> Toolchain:
    """Node behind the TypeScript compiler, which erases types."""
    node = quote(str(_node("TypeScript")))
    package = _typescript_package()
    if (package / "lib" / "typescript.js").exists():
        build = f"{node} -e {quote(_ERASE)} {quote(str(package))}"
    else:  # from version 7 on it is no library any more, and has the option for it
        build = f"{node} {quote(str(package / 'bin' / 'tsc'))} main.ts {_NO_TYPES}"
    version = json.loads((package / "package.json").read_text())["version"]
    return Toolchain(
        "TypeScript",
        "main.ts",
        build=build,
        run=f"{node} main.js",
        version=f"TypeScript {version}",
        # From version 7 on it starts a program in a package beside its own.
        reads=seen([*_outside_usr(_node("TypeScript")), package.parent, *folders_of("NODE_PATH")]),
        environment={"NODE_PATH": _node_path()},
    )


def perl() -> Toolchain:
    """Perl, with the modules of PERL5LIB."""
    program = tool("perl", "Perl", "apt-get install perl")
    folders = folders_of("PERL5LIB")
    return Toolchain(
        "Perl",
        "main.pl",
        build="",
        run=f"{quote(str(program))} main.pl",
        version=said([str(program), "-e", "print $^V"], "Perl"),
        reads=seen([*_outside_usr(program), *folders, Path("/etc/perl")]),
        environment={"PERL_HASH_SEED": "0"} | ({"PERL5LIB": ":".join(map(str, folders))} if folders else {}),
    )


def php() -> Toolchain:
    """The PHP of the command line; its errors go to standard error."""
    program = tool("php", "PHP", "apt-get install php-cli")
    return Toolchain(
        "PHP",
        "main.php",
        build="",
        run=f"{quote(str(program))} -d display_errors=stderr main.php",
        version=said([str(program), "-r", "echo PHP_VERSION;"], "PHP"),
        reads=seen([*_outside_usr(program), Path("/etc/php")]),
    )


def ruby() -> Toolchain:
    """Ruby with its own gems."""
    program = tool("ruby", "Ruby", "apt-get install ruby")
    return Toolchain(
        "Ruby",
        "main.rb",
        build="",
        run=f"{quote(str(program))} main.rb",
        version=said([str(program), "--version"], "Ruby"),
        reads=seen(_outside_usr(program)),
    )


def _node(language: str) -> Path:
    return tool("node", language, "apt-get install nodejs")


def _node_path() -> str:
    debian = ("/usr/share/nodejs", "/usr/lib/nodejs", "/usr/lib/node_modules", "/usr/local/lib/node_modules")
    return ":".join([*map(str, folders_of("NODE_PATH")), *debian])


def _typescript_package() -> Path:
    """The folder of the package `typescript`: in NODE_PATH, or behind the command `tsc`."""
    places = [Path(folder) / "typescript" for folder in _node_path().split(":")]
    if compiler := which("tsc"):
        places.append(Path(compiler).resolve().parent.parent)
    for place in places:
        if (place / "package.json").exists():
            return place.resolve()
    raise ToolMissing(
        "TypeScript programs cannot run here: no package `typescript` is in NODE_PATH and no `tsc` on the PATH; "
        "install it (npm install typescript) and name its node_modules in NODE_PATH."
    )


def _outside_usr(program: Path) -> list[Path]:
    """The installation of a program that does not come with the system."""
    return [] if program.is_relative_to("/usr") or program.parent == Path("/bin") else [installation(program)]
