"""Rust programs: the crates of HumanEvalPack, and numbers that are drawn alike every time."""

from __future__ import annotations

import pytest

from aurora.evaluation.sandbox.running import run
from aurora.evaluation.sandbox.toolchains.found import ToolMissing
from aurora.evaluation.sandbox.toolchains.known import toolchain

PROGRAM = """
use rand::Rng;
use regex::Regex;
use md5;

#[test]
fn draws() {
    let mut source = rand::thread_rng();
    let (small, byte): (i32, u8) = (source.gen_range(0, 4), source.gen_range(b'a', b'z' + 1));
    let any: i32 = source.gen();
    let other = rand::random::<u64>();
    assert!(small < 4 && byte.is_ascii_lowercase());
    assert!(Regex::new("[.]").unwrap().is_match("a.b"));
    assert_eq!(format!("{:x}", md5::compute("a")), "0cc175b9c0f1b6a831c399e269772661");
    panic!("{small} {byte} {any} {other}");
}
"""


@pytest.mark.slow
def test_crates_of_the_benchmark(bubblewrap: None) -> None:
    try:
        toolchain("rust")
    except ToolMissing as missing:
        pytest.skip(str(missing))
    said = [run(PROGRAM, "rust").stdout for _ in range(2)]
    drawn = [line for line in said[0].splitlines() if line[:1].isdigit()]
    assert len(drawn) == 1, said[0]
    assert drawn[0] in said[1]
