"""A program that prints `hi` in each language, one that fails and one that is no program."""

from __future__ import annotations

PROGRAMS = {
    "cpp": ('#include <cstdio>\nint main() { puts("hi"); }', "int main() { return 3; }", "int main( {"),
    "go": (
        'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hi") }',
        'package main\n\nimport "os"\n\nfunc main() { os.Exit(3) }',
        "package main\n\nfunc main() { x := 1 }",
    ),
    "java": (
        'class Main { public static void main(String[] words) { System.out.println("hi"); } }',
        "class Main { public static void main(String[] words) { System.exit(3); } }",
        "class Main {",
    ),
    "javascript": ("console.log('hi')", "process.exit(3)", "console.log("),
    "perl": ("print qq(hi\\n);", "exit 3;", "print ("),
    "php": ('<?php echo "hi\\n";', "<?php exit(3);", "<?php echo ("),
    "python": ("print('hi')", "raise SystemExit(3)", "print("),
    "ruby": ("puts 'hi'", "exit 3", "puts ("),
    "rust": (
        '#[test]\nfn one() { println!("hi"); }',
        "#[test]\nfn one() { std::process::exit(3); }",
        "fn one( {",
    ),
    "typescript": ("const word: string = 'hi'; console.log(word)", "process.exit(3 as number)", "const word: = 'hi'"),
}
BUILT = ("cpp", "go", "java", "rust", "typescript")
