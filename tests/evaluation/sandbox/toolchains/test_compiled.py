"""C++ and Java: what their programs may use."""

from __future__ import annotations

import shutil

import pytest

from aurora.evaluation.sandbox.running import run


def test_all_of_the_standard_library_compiles_quickly(bubblewrap: None) -> None:
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    program = '#include <bits/stdc++.h>\nusing namespace std;\nint main() { map<string, int> a{{"x", 1}}; puts("hi"); }'
    outcome = run(program, "cpp")
    assert (outcome.status, outcome.stdout) == ("finished", "hi\n"), outcome


def test_java_keeps_to_its_memory(bubblewrap: None) -> None:
    if shutil.which("javac") is None:
        pytest.skip("no JDK is installed")
    program = "class Main { public static void main(String[] words) { long[] a = new long[200_000_000]; } }"
    outcome = run(program, "java")
    assert (outcome.status, outcome.exit_code) == ("failed", 1), outcome
    assert "OutOfMemoryError" in outcome.stderr
