"""`aurora corpus`: raw text to clean documents."""

from __future__ import annotations

from pathlib import Path

import click

from aurora.commands.options import (
    FILE,
    Commands,
    json_option,
    output_option,
    overrides_argument,
    recipe_argument,
    run_until,
)
from aurora.console.terminal import write, write_json, write_json_text
from aurora.files import json_text


@click.group(cls=Commands)
def corpus() -> None:
    """Raw text to clean documents."""


@corpus.command("build")
@recipe_argument
@overrides_argument
@output_option
@json_option
def corpus_build(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Curate the recipe's sources; --json prints the ledger."""
    made = run_until(recipe, overrides, output, "corpus")
    if as_json:
        write_json_text(json_text(made.corpus.ledger))


@corpus.command("inspect")
@click.argument("path", type=FILE)
@click.option("--html", "page", type=FILE, help="Write it to this file, as an HTML page.")
@json_option
def corpus_inspect(path: Path, page: Path | None, as_json: bool) -> None:
    """Show what a corpus kept, and what it lost to which rule, with examples."""
    from aurora import Corpus

    found = Corpus(path)
    if page:
        found.write_page(page)
        write(f"Wrote {page}.")
    elif as_json:
        write_json_text(json_text(found.ledger))
    else:
        write(str(found))


@corpus.command("scan")
@click.argument("path", type=FILE)
@click.option("--rules", required=True, help="Rule sets, separated by commas: gopher-quality,c4.")
@click.option("--language", help="Language of all documents; if left out, their own label or identification decides.")
@click.option("--text-key", default="text", show_default=True, help="Key or column of the text.")
@click.option("--language-key", default="lang", show_default=True, help="Key or column of the language.")
@click.option("--language-file", "files", type=FILE, multiple=True, help="File of a language of your own; repeatable.")
@click.option("--personal-data", is_flag=True, help="Also count personal data by type.")
@json_option
def corpus_scan(
    path: Path,
    rules: str,
    language: str | None,
    files: tuple[Path, ...],
    text_key: str,
    language_key: str,
    personal_data: bool,
    as_json: bool,
) -> None:
    """Show which documents of a file or folder rule sets would drop, by language, with examples; writes nothing."""
    from dataclasses import asdict

    from aurora.corpus.scan import Reading, describe, scan, sets_of
    from aurora.languages import lookup

    lookup.use(files)
    findings = scan(path, sets_of(rules), Reading(text_key, language_key, language), personal_data)
    if as_json:
        write_json(asdict(findings))
    else:
        write(describe(findings))
