"""What other people wrote never steers a terminal, whichever command shows it."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.cli import main
from aurora.console import terminal
from aurora.console.progress import progress, say
from aurora.console.terminal import line, plain, write, write_json_text
from aurora.corpus.describe import describe
from aurora.corpus.ledger import Ledger
from aurora.files import write_json

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\x08\x7f\r\u202egpj.\u2066x\u0085\0\ud800"
STEERING = set(HOSTILE) - set("]0;owned[2J31mgpj.x")
# Joiners of emoji and of Indic and Persian writing, marks of direction, combining marks, a flag's tags.
WHOLE = "क्\u200dष नमस्ते میخواهم\u200cم 👩\u200d💻 ひらがな か\u3099 Việt \u200fעברית\u200e 🏴\U000e0067\U000e007f\tx\ny"


def said(captured: str) -> set[str]:
    return STEERING & set(captured)


def test_what_is_replaced_and_what_is_kept() -> None:
    assert plain(WHOLE) == WHOLE
    assert not said(plain(HOSTILE))
    assert plain("a\x1b[31mb") == "a\ufffd[31mb"
    assert plain("one\r\ntwo\rthree") == "one\ntwo\ufffdthree"
    assert line("one\r\ntwo\u2028three\tfour") == "one two three four"


@given(st.text())
def test_no_control_at_all_gets_through(text: str) -> None:
    for character in plain(text):
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
    assert "\n" not in line(text)


@given(st.text(), st.text())
def test_json_means_the_same_and_steers_nothing(key: str, value: str) -> None:
    stream = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdout", stream)
        terminal.write_json({key: [value]})
        write_json_text(json.dumps({key: value}, ensure_ascii=False, indent=2))
    first, _, second = stream.getvalue().partition("\n")
    assert json.loads(first) == {key: [value]}
    assert json.loads(second) == {key: value}
    assert not said(stream.getvalue())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_that_lacks_the_characters(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_ = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(bytes_, encoding))
    write("▸ क")
    terminal.write_json({"a": "▸"})
    shown, data = bytes_.getvalue().decode(encoding).splitlines()
    assert shown == ("▸ क" if encoding == "utf-8" else "\\u25b8 \\u0915")
    assert json.loads(data) == {"a": "▸"}


def test_a_ledger_of_hostile_labels_and_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger()
    label = HOSTILE.replace("\ud800", "")  # which no file holds
    ledger.keep("web", f"{label}\nError: all is lost", "clean", 10, 100)
    ledger.drop("web", label, "quality", "too-short", 1, 9)
    ledger.example("quality", "too-short", label, label, 8)
    ledger.change(label, label, 3)
    write_json(tmp_path / "ledger.json", ledger.close({}))
    main(["corpus", "inspect", str(tmp_path)])
    shown = capsys.readouterr().out
    assert not said(shown)
    assert not any(part.startswith("Error") for part in shown.splitlines())
    assert len(shown.splitlines()) == len(describe(tmp_path).splitlines())
    main(["corpus", "inspect", str(tmp_path), "--json"])
    shown = capsys.readouterr().out
    assert not said(shown)
    assert label in json.loads(shown)["examples"][0]["language"]


def test_scanning_hostile_documents(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "\x1b[2J\u202efolder"
    folder.mkdir()
    text = HOSTILE.replace("\ud800", "")
    rows = [{"text": text, "lang": "en"}, {"text": f"{text} short", "lang": "fi"}]
    (folder / "a\x1b[1mb\nc.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for more in ([], ["--json"]):
        main(["corpus", "scan", str(folder), "--rules", "gopher-quality,basic", *more])
        captured = capsys.readouterr()
        assert "short" in captured.out
        assert not said(captured.out + captured.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "no\x1b[2J\u202efile\nError: forged"],
        ["corpus", "inspect", "no\x9bfile"],
        ["run", "x.yaml", "--\x1b[2Joption"],
        ["\x1b[2Jcommand"],
        ["tokens", "inspect", "x", "--at", "\x1b[2J"],
        ["--debug", "run", "no\x1b[2Jfile"],
    ],
)
def test_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    captured = capsys.readouterr()
    assert captured.err
    assert not said(captured.err + captured.out)
    assert sum(part.startswith("Error") for part in captured.err.splitlines()) <= 1


def test_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    say(f"wrote {HOSTILE}")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress(f"import {HOSTILE}\n", 2, "B") as bar:
        bar.update(1)
    shown = capsys.readouterr().err
    assert "owned" in shown
    assert not STEERING - {"\r"} & set(shown)  # with which a bar begins its own line anew


def test_a_reader_that_stops_reading_is_no_error(minimal_recipe: Path) -> None:
    command = f"{sys.executable} -m aurora run {minimal_recipe} --show | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stdout == "n"
    assert done.stderr == ""


def test_nothing_else_writes_to_a_terminal(root: Path) -> None:
    """The commands' output goes through `terminal`, bars and lines between them through `progress`."""
    found = []
    for path in sorted((root / "src/aurora").rglob("*.py")):
        if path.name in ("terminal.py", "progress.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in ("print", "tqdm", "tqdm.write", "traceback.print_exc") or name.endswith((".echo", ".secho")):
                found.append(f"{path.name}:{node.lineno} {name}")  # type: ignore[attr-defined]
            if name.startswith(("sys.stdout.write", "sys.stderr.write")):
                found.append(f"{path.name}:{node.lineno} {name}")  # type: ignore[attr-defined]
    assert not found
