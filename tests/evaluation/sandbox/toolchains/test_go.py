"""Go programs: the library and the assertions that benchmarks call."""

from __future__ import annotations

import shutil

import pytest

from aurora.evaluation.sandbox.running import run

PROGRAM = """
package main

import (
	"fmt"
	"github.com/stretchr/testify/assert"
)

type said struct{ count int }

func (s *said) Errorf(format string, words ...interface{}) { s.count++ }

func main() {
	s := &said{}
	assert := assert.New(s)
	var none []int
	assert.Equal([]int{1}, []int{1})
	assert.Equal([]byte("a"), []byte("a"))
	assert.InDelta(1, 1.001, 0.01)
	assert.True(true)
	assert.Nil(none)
	fmt.Println(s.count)
	assert.Equal(1, 1.0)
	assert.Equal([]int{}, none)
	assert.Equal([]byte("a"), []byte("b"))
	assert.InDelta(1, "1", 1)
	assert.False(true)
	assert.Nil(0)
	fmt.Println(s.count)
}
"""


def test_assertions_hold_and_fail_as_those_of_testify(bubblewrap: None) -> None:
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    outcome = run(PROGRAM, "go")
    assert (outcome.status, outcome.stdout) == ("finished", "0\n6\n"), outcome
