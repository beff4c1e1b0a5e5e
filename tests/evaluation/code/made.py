"""A made-up problem in each language: to add one."""

from __future__ import annotations

from aurora.evaluation.code.problems import Problem

CPP_TEST = "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (up(1) == 2);\n}\n"
GO_SETUP = 'package main\n\nimport (\n    "testing"\n    "github.com/stretchr/testify/assert"\n)\n'
GO_TEST = "func TestUp(t *testing.T) {\n    assert := assert.New(t)\n    assert.Equal(2, Up(1))\n}\n"
JAVA_TEST = """public class Main {
    public static void main(String[] args) {
        if (new Solution().up(1) != 2) { throw new AssertionError(); }
    }
}"""
RUST_TEST = "#[cfg(test)]\nmod tests {\n    use super::*;\n    #[test]\n    fn up_adds() { assert_eq!(up(1), 2); }\n}\n"

# Each with a completion that is right, one that is wrong, and one that leaves before its tests.
PROBLEMS = {
    "cpp": (
        Problem("cpp", "cpp", "#include<stdio.h>\nusing namespace std;\nint up(int x){\n", CPP_TEST),
        ("return x + 1; }\n", "return x; }\n", "exit(0); }\n"),
    ),
    "go": (
        Problem("go", "go", 'import (\n    "math"\n)\n\nfunc Up(x int) int {\n', GO_TEST, "Up", GO_SETUP),
        (
            "    return int(math.Abs(float64(x))) + 1\n}\n",
            "    return x\n}\n",
            'import "os"\n    os.Exit(0)\n    return 0\n}\n',
        ),
    ),
    "java": (
        Problem("java", "java", "import java.util.*;\n\nclass Solution {\n    public int up(int x) {\n", JAVA_TEST),
        ("return x + 1; } }\n", "return x; } }\n", "System.exit(0); return 0; } }\n"),
    ),
    "javascript": (
        Problem("javascript", "javascript", "const up = (x) => {\n", "console.assert(up(1) === 2)\n"),
        ("return x + 1 }\n", "return x }\n", "process.exit(0) }\n"),
    ),
    "perl": (
        Problem("perl", "perl", "sub up {\n  my ($x) = @_;\n", "unless (up(1) == 2) { die 'no'; }\n"),
        ("return $x + 1; }\n", "return $x; }\n", "exit 0; }\n"),
    ),
    "php": (
        Problem("php", "php", "<?php\nfunction up($x) {\n", "if (up(1) !== 2) { throw new Exception('no'); }\n"),
        ("return $x + 1; }\n", "return $x; }\n", "exit(0); }\n"),
    ),
    "python": (
        Problem("python", "python", "def up(x):\n", "def check(candidate):\n    assert candidate(1) == 2\n", "up"),
        ("    return x + 1\n", "    return x\n", "    raise SystemExit(0)\n"),
    ),
    "ruby": (
        Problem("ruby", "ruby", "def up(x)", "raise StandardError, 'no' if up(1) != 2\n"),
        ("\n  x + 1\nend\n", "\n  x\nend\n", "\n  exit 0\nend\n"),
    ),
    "rust": (
        Problem("rust", "rust", "fn main(){}\n\nuse rand::Rng;\n\nfn up(x: i32) -> i32 {\n", RUST_TEST),
        ("    x + 1\n}\n", "    x\n}\n", "    std::process::exit(0)\n}\n"),
    ),
    "typescript": (
        Problem(
            "typescript",
            "typescript",
            "const up = function (x: number) : number {\n",
            "import * as assert from 'assert'\nlet found = up(1);\nassert.deepEqual(found, 2, 'no');\n",
        ),
        ("return x + 1; }\n", "return x; }\n", "process.exit(0); }\n"),
    ),
}

# The same in the form of MultiPL-E, where that is another one.
MULTIPLE = {
    "java": (
        Problem(
            "java", "java",
            "import java.util.*;\nimport org.javatuples.*;\nclass Problem {\n    public static long up(long x) {\n",
            "    }\n    public static void main(String[] args) {\n    assert(up(1l) == (2l));\n    }\n\n}\n",
        ),
        ("        return x + 1l;\n", "        return x;\n", "        System.exit(0); return 0l;\n"),
    ),
    "ruby": (
        Problem(
            "ruby", "ruby", "# Adds one.\ndef up(x)\n",
            "require 'test/unit'\nclass TestHumanEval < Test::Unit::TestCase\n  def test_up\n"
            "    candidate = method(:up)\n    assert_equal(2, candidate.call(1))\n  end\nend\n",
        ),
        ("  x + 1\nend\n", "  x\nend\n", "  exit 0\nend\n"),
    ),
    "rust": (
        Problem(
            "rust", "rust", "/// Adds one.\nfn up(x: isize) -> isize {\n",
            "}\n\nfn main() {\n    let candidate = up;\n    assert_eq!(candidate(1), 2);\n}\n",
        ),
        ("    x + 1\n", "    x\n", "    std::process::exit(0)\n"),
    ),
    "go": (
        Problem(
            "go", "go",
            'package up_test\n\nimport (\n    "testing"\n    "fmt"\n)\n\n// Adds one.\nfunc up(x int) int {\n',
            "func TestUp(t *testing.T) {\n  candidate := up\n\ttype test struct {\n\t\tactual   interface{}\n"
            "\t\texpected interface{}\n\t}\n   tests := []test{\n     { actual: candidate(1), expected: 2 },\n   }\n\n"
            "\tfor i, tc := range tests {\n\t\tt.Run(fmt.Sprintf(\"test num %d\", i), func(t *testing.T) {\n"
            "\t\t\tif fmt.Sprintf(\"%v\", tc.actual) != fmt.Sprintf(\"%v\", tc.expected) {\n"
            "\t\t\t\tt.Errorf(\"no\")\n\t\t\t}\n\t\t})\n\t}\n}\n",
        ),
        ("    return x + 1\n}\n", "    return x\n}\n", "    panic(1)\n}\n"),
    ),
}  # fmt: skip
