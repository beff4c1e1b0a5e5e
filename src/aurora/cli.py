"""The command tree.

One decision: this module imports nothing but click and what every command needs to speak; every command imports its
room when it runs, so `aurora --help` answers at once. Exit codes: 0 done, 2 the user's mistake, 128 and its number
after a signal, 1 anything else.
"""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aurora import __version__
from aurora.errors import AuroraError
from aurora.files import json_text, read_json, what_is_full
from aurora.signals import Stopped, answered, interruption, sentence
from aurora.terminal import line, write, write_json, write_json_text

if TYPE_CHECKING:
    from aurora.recipe import LoadedRecipe
    from aurora.run.folder import RunFolder
    from aurora.training.wish import Wish

FILE = click.Path(path_type=Path)
recipe_argument = click.argument("recipe", type=FILE)
overrides_argument = click.argument("overrides", nargs=-1, metavar="[KEY.PATH=VALUE]...")
output_option = click.option("--output", type=FILE, help="Run folder; runs/NAME without it.")
resume_option = click.option(
    "--resume-from",
    type=click.IntRange(min=0),
    metavar="STEP",
    help="Let an interrupted or edited stage go on from this checkpoint, whatever was edited since.",
)
restart_option = click.option(
    "--restart", is_flag=True, help="Begin an interrupted or edited stage anew; what it had made is set aside."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aurora")
@click.option("--debug", is_flag=True, help="Show the full trace of an error.")
def aurora(debug: bool) -> None:
    """Turn an open base model into your languages and your safety policy, and prove what you did.

    One recipe file describes a run; `aurora run RECIPE` carries it out: raw text, clean documents, tokens, training
    stages,
    red-team set, safety tuning, evaluation, report. Every command can be run again and goes on where it stopped.
    """


@aurora.command()
@recipe_argument
@overrides_argument
@output_option
@click.option("--until", metavar="STEP", help="Stop after this step.")
@resume_option
@restart_option
@click.option("--show", is_flag=True, help="Print the effective recipe and where each value comes from; run nothing.")
@click.option("--dry-run", is_flag=True, help="Say which steps would run; run nothing.")
@json_option
def run(
    recipe: Path,
    overrides: tuple[str, ...],
    output: Path | None,
    until: str | None,
    resume_from: int | None,
    restart: bool,
    show: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Carry out a recipe from raw text to its report.

    --resume-from and --restart speak of the first stage that comes to run and has earlier work.
    """
    loaded = _load(recipe, overrides)
    if show:
        if as_json:
            write_json_text(json.dumps(loaded.recipe.model_dump(mode="json"), indent=2) + "\n")
        else:
            write(loaded.show(), end="")
        return
    folder = _run_folder(loaded, output)
    from aurora.pipeline.running import run_recipe

    outcome = run_recipe(loaded, folder, until=until, dry_run=dry_run, wish=_wish(resume_from, restart))
    if as_json:
        write_json(outcome)


@aurora.command()
@recipe_argument
@overrides_argument
@click.option("--stage", required=True, help="Training stage (or STAGE-CONTROL) to carry out.")
@click.option("--dry-run", is_flag=True, help="Print what each rank would hold, in bytes, and train nothing.")
@click.option("--ranks", type=click.IntRange(1), help="Processes to plan for with --dry-run.")
@resume_option
@restart_option
@output_option
@json_option
def train(
    recipe: Path,
    overrides: tuple[str, ...],
    stage: str,
    dry_run: bool,
    ranks: int | None,
    resume_from: int | None,
    restart: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Carry out one training stage and what it needs; works under torchrun."""
    loaded = _load(recipe, overrides)
    if dry_run:
        _plan_stage(loaded, recipe.parent, stage, ranks, as_json)
        return
    from aurora.pipeline.running import run_recipe
    from aurora.pipeline.training import step_name

    wish = _wish(resume_from, restart, stage)
    run_recipe(loaded, _run_folder(loaded, output), until=step_name(stage), wish=wish)


@aurora.group()
def corpus() -> None:
    """Raw text to clean documents."""


@corpus.command("build")
@recipe_argument
@overrides_argument
@output_option
@json_option
def corpus_build(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Curate the recipe's sources; --json prints the ledger."""
    folder = _run_until(recipe, overrides, output, "corpus")
    if as_json:
        from aurora.corpus.ledger import FILE

        write_json_text(json_text(read_json(folder.corpus / FILE)))


@corpus.command("inspect")
@click.argument("path", type=FILE)
@click.option("--html", "page", type=FILE, help="Write it as a page to this file.")
@json_option
def corpus_inspect(path: Path, page: Path | None, as_json: bool) -> None:
    """What a corpus kept, and what it lost to which rule, with examples."""
    from aurora.corpus.describe import describe, find_corpus
    from aurora.corpus.ledger import FILE

    folder = find_corpus(path)
    if page:
        from aurora.reporting.corpus_page import write_corpus_page

        write_corpus_page(folder, page)
        write(f"Wrote {page}.")
    elif as_json:
        write_json_text(json_text(read_json(folder / FILE)))
    else:
        write(describe(folder))


@corpus.command("scan")
@click.argument("path", type=FILE)
@click.option("--rules", required=True, help="Rule sets, with commas between: gopher-quality,c4.")
@click.option("--language", help="Language of all documents; without it their own label or identification decides.")
@click.option("--text-key", default="text", show_default=True, help="Key or column of the text.")
@click.option("--language-key", default="lang", show_default=True, help="Key or column of the language.")
@click.option("--personal-data", is_flag=True, help="Count personal data by type, too.")
@json_option
def corpus_scan(
    path: Path,
    rules: str,
    language: str | None,
    text_key: str,
    language_key: str,
    personal_data: bool,
    as_json: bool,
) -> None:
    """What rule sets would drop of a file or folder of documents, by language, with examples; nothing is written."""
    from dataclasses import asdict

    from aurora.corpus.scan import Reading, describe, scan, sets_of

    findings = scan(path, sets_of(rules), Reading(text_key, language_key, language), personal_data)
    if as_json:
        write_json(asdict(findings))
    else:
        write(describe(findings))


@aurora.group()
def tokens() -> None:
    """Clean documents to token stores."""


@tokens.command("build")
@recipe_argument
@overrides_argument
@output_option
@json_option
def tokens_build(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Learn or load the tokenizer and encode the corpus; --json prints what `inspect` does."""
    folder = _run_until(recipe, overrides, output, "tokens")
    if as_json:
        from aurora.run.opening import recipe_of
        from aurora.tokens.describe import inspect_tokens

        write_json(inspect_tokens(recipe_of(folder.path), folder))


@tokens.command("inspect")
@click.argument("run_folder", type=FILE)
@click.option("--at", type=click.IntRange(min=0), help="Show this sequence (from 0) of a stage as text.")
@click.option("--stage", help="Stage (or STAGE-CONTROL) of --at; the last one without it.")
@json_option
def tokens_inspect(run_folder: Path, at: int | None, stage: str | None, as_json: bool) -> None:
    """Bytes per token by language, tokens and epochs by source and stage; or one sequence with its documents."""
    from aurora.run.folder import RunFolder
    from aurora.run.opening import recipe_of
    from aurora.tokens.describe import describe, describe_sequence, inspect_tokens, sequence_at

    recipe = recipe_of(run_folder)
    if at is None:
        if stage is not None:
            raise click.UsageError("--stage belongs to --at: give both or none.")
        facts = inspect_tokens(recipe, RunFolder(run_folder))
    else:
        facts = sequence_at(recipe, RunFolder(run_folder), stage, at)
    if as_json:
        write_json(facts)
    else:
        write(describe(facts) if at is None else describe_sequence(facts))


@aurora.group()
def redteam() -> None:
    """From a written policy to prompts and answers."""


@redteam.command("generate")
@recipe_argument
@overrides_argument
@output_option
@json_option
def redteam_generate(recipe: Path, overrides: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Expand the recipe's policy into training and held-out items."""
    loaded = _load(recipe, overrides)
    folder = _run_folder(loaded, output)
    from aurora.pipeline.running import run_recipe

    run_recipe(loaded, folder, only="redteam")
    if as_json:
        from aurora.redteam.dataset import SUMMARY
        from aurora.run.folder import RunFolder

        write_json_text(json_text(read_json(RunFolder(folder).redteam / SUMMARY)))


@aurora.command()
@click.argument("run_folder", metavar="RUN", type=FILE)
@click.option("--picture", type=FILE, metavar="FILE", help="Also write a PNG of its first screen, taken by Chromium.")
def report(run_folder: Path, picture: Path | None) -> None:
    """Write a run's report.html anew from its report.json."""
    from contextlib import nullcontext

    from aurora.reporting.report import render_run
    from aurora.run.folder import RunFolder
    from aurora.run.lock import locked

    with locked(run_folder) if RunFolder(run_folder).seal.exists() else nullcontext():
        page = render_run(run_folder)
    write(str(page))
    if picture:
        from aurora.reporting.page.browser import photograph

        write(str(photograph(page, picture)))


@aurora.command("export")
@click.argument("run_folder", metavar="RUN", type=FILE)
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--stage", help="Stage to export; the last one without it.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    help="Type of the weights; without it the one that the model was published in.",
)
def export_(run_folder: Path, folder: Path, stage: str | None, dtype: str | None) -> None:
    """Write a stage's checkpoint as a Hugging Face folder."""
    from aurora.model.huggingface import export_model
    from aurora.run.opening import checkpoint_of

    export_model(checkpoint_of(run_folder, stage), folder, dtype=dtype)
    write(str(folder))


@aurora.command("import")
@click.argument("model")
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--revision", help="Commit hash of a hub model.")
def import_(model: str, folder: Path, revision: str | None) -> None:
    """Read a Hugging Face folder or hub model into Aurora's checkpoint layout."""
    from aurora.model.huggingface import import_checkpoint

    import_checkpoint(model, revision, Path.cwd(), folder)
    write(str(folder))


@aurora.command()
@click.argument("checkpoint", type=FILE)
@click.option("--stage", help="Stage of a run; the last one without it.")
@click.option("--temperature", type=click.FloatRange(min=0), default=0.0, show_default=True, help="0 is greedy.")
@click.option("--tokens", type=click.IntRange(min=1), default=128, show_default=True, help="Longest answer.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the sampling.")
def chat(checkpoint: Path, stage: str | None, temperature: float, tokens: int, seed: int) -> None:
    """Talk with a run's final model, or with any checkpoint, in the terminal."""
    from aurora.chat import chat as talk
    from aurora.run.opening import checkpoint_of

    talk(checkpoint_of(checkpoint, stage), temperature=temperature, max_new_tokens=tokens, seed=seed)


@aurora.command()
@click.argument("path", metavar="RUN|FOLDER", type=FILE)
def verify(path: Path) -> None:
    """Read every file of a run, or of a folder that a step, import or export wrote, and compare it with its hash.

    Names all that is missing, altered, linked elsewhere or was added, and whether the run is finished.
    """
    from aurora.run.verify import verify as verify_path

    write(verify_path(path))


def _plan_stage(loaded: LoadedRecipe, base: Path, stage: str, ranks: int | None, as_json: bool) -> None:
    """Print the footprint of a stage on so many ranks; without a number, on the fewest."""
    from aurora.errors import UserError
    from aurora.planning.footprint import footprint, lines, shape_of
    from aurora.recipe.stages.stage import checkpoints_of

    execution = loaded.recipe.execution
    made = checkpoints_of(loaded.recipe.stages)
    if stage not in made:
        raise UserError(f"This recipe has no stage {stage!r}; its stages are {', '.join(made)}.")
    ranks = ranks or execution.tensor_parallel * execution.pipeline_parallel * max(1, execution.shard_parallel)
    rows = footprint(made[stage], *shape_of(loaded.recipe, base), execution, ranks)
    if as_json:
        write_json(rows)
    else:
        write("\n".join(lines(rows)))


def _wish(step: int | None, restart: bool, stage: str | None = None) -> Wish:
    from aurora.training.wish import Wish

    if restart and step is not None:
        raise click.UsageError("--resume-from goes on and --restart begins anew: give one of them.")
    return Wish(step, restart, stage)


def _load(recipe: Path, overrides: Sequence[str]) -> LoadedRecipe:
    from aurora.recipe import load_recipe

    return load_recipe(recipe, overrides)


def _run_folder(loaded: LoadedRecipe, output: Path | None) -> Path:
    return output or Path("runs") / loaded.recipe.name


def _run_until(recipe: Path, overrides: tuple[str, ...], output: Path | None, step: str) -> RunFolder:
    loaded = _load(recipe, overrides)
    folder = _run_folder(loaded, output)
    from aurora.pipeline.running import run_recipe
    from aurora.run.folder import RunFolder

    run_recipe(loaded, folder, until=step)
    return RunFolder(folder)


def main(arguments: Sequence[str] | None = None) -> Any:
    """Entry point of the console script: runs a command and turns errors into one sentence and an exit code."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        with answered():
            aurora(args=None if arguments is None else list(arguments), prog_name="aurora", standalone_mode=False)
    except click.exceptions.Exit as error:
        return sys.exit(error.exit_code)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        write(shown.getvalue(), err=True, end="")
        return sys.exit(error.exit_code)
    except Stopped as error:
        return _leave(128 + error.number, sentence(error.number))
    except (KeyboardInterrupt, click.Abort) as error:
        return _leave(*interruption(error))
    except BrokenPipeError:  # whoever reads our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's last flush would fail
        return sys.exit(1)
    except Exception as error:
        write(traceback.format_exc() if debug else line(_sentence(error)), err=True, end="" if debug else "\n")
        return sys.exit(error.exit_code if isinstance(error, AuroraError) else 1)


def _leave(code: int, said: str) -> Any:
    """End after a signal; of the processes of torchrun only the first speaks."""
    if said and os.environ.get("RANK", "0") == "0":
        write(said, err=True)
    return sys.exit(code)


def _sentence(error: Exception) -> str:
    """What a person is told of an error; only a fault of ours is called unexpected."""
    if isinstance(error, AuroraError):
        return f"Error: {error}"
    # PyTorch says it in a class of its own for accelerators, and in words for processors.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "allocate memory" in str(error):
        return (
            "Error: There is not enough memory for this: close other programs, or ask for a smaller network or batch."
        )
    if isinstance(error, OSError) and error.errno is not None:
        where = error.filename if error.filename is not None else "a file"
        full = what_is_full(error, where)
        return f"Error: {full or f'{where}: {error.strerror}: check the path, its permissions and the disk.'}"
    return f"Unexpected {type(error).__name__}: {error} (aurora --debug shows the trace)."
