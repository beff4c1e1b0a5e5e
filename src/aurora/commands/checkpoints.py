"""`aurora export`, `aurora import` and `aurora chat`: models in and out, and in conversation."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from aurora.commands.options import FILE, Choice, say_unfinished
from aurora.console.terminal import write


@click.command("export")
@click.argument("run_folder", metavar="RUN", type=FILE)
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--stage", help="Stage to export; the last one if left out.")
@click.option(
    "--dtype",
    type=Choice(["float32", "bfloat16", "float16"]),
    help="Type of the weights; if left out, the one that the model was published in.",
)
def export_(run_folder: Path, folder: Path, stage: str | None, dtype: str | None) -> None:
    """Write a stage's checkpoint as a Hugging Face folder."""
    from aurora.console.progress import say
    from aurora.model.huggingface import export_model
    from aurora.run.opening import checkpoint_of

    say_unfinished(run_folder)
    export_model(checkpoint_of(run_folder, stage), folder, dtype=dtype)
    write(str(folder))
    say(f"transformers loads it; chat with it: aurora chat {shlex.quote(str(folder))}")


@click.command("import")
@click.argument("model")
@click.argument("folder", metavar="DIR", type=FILE)
@click.option("--revision", help="Commit hash of a hub model.")
def import_(model: str, folder: Path, revision: str | None) -> None:
    """Read a Hugging Face folder, hub model or GGUF file into Aurora's checkpoint layout."""
    from aurora.model.huggingface import import_checkpoint

    import_checkpoint(model, revision, Path.cwd(), folder)
    write(str(folder))


@click.command()
@click.argument("checkpoint", type=FILE)
@click.option("--stage", help="Stage of a run; the last one if left out.")
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="Sampling temperature; 0 is greedy.",
)
@click.option("--tokens", type=click.IntRange(min=1), default=128, show_default=True, help="Longest answer, in tokens.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the sampling.")
def chat(checkpoint: Path, stage: str | None, temperature: float, tokens: int, seed: int) -> None:
    """Chat with a run's final model, any checkpoint, an exported or published folder, or a GGUF file."""
    from aurora.chat import chat as talk

    say_unfinished(checkpoint)
    talk(checkpoint, stage, temperature=temperature, max_new_tokens=tokens, seed=seed)
