"""The command tree, and how a command ends.

One decision: this module and the commands import only click and what every command needs for its output; each imports
its room when it runs, so `aurora --help` answers at once. Exit codes: 0 done, 2 the user's mistake, 128 plus its number
after a signal, 1 anything else.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from aurora.commands import (
    carrying_out,
    checking,
    checkpoints,
    corpus,
    evaluating,
    looking_up,
    results,
    starting,
    tokens,
)
from aurora.commands.options import Commands
from aurora.commands.redteam import generating
from aurora.console.signals import Stopped, answered, interruption, sentence
from aurora.console.terminal import line, write
from aurora.errors import AuroraError, Mistakes
from aurora.files import what_is_full
from aurora.version import __version__


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aurora")
@click.option("--debug", is_flag=True, help="Show the full trace of an error.")
def aurora(debug: bool) -> None:
    """Turn an open base model into your languages and your safety policy, and prove what you did.

    One recipe file describes a run, and `aurora run RECIPE` runs it: raw text, clean documents, tokens, training
    stages, red-team set, safety tuning, evaluation, report. Every command can be run again and resumes where it
    stopped.
    """


for command in (
    starting.init,
    checking.check,
    carrying_out.run,
    carrying_out.train,
    corpus.corpus,
    tokens.tokens,
    generating.redteam,
    results.report,
    checkpoints.export_,
    checkpoints.import_,
    checkpoints.chat,
    evaluating.evaluate,
    evaluating.compare,
    results.verify,
    looking_up.ls,
    looking_up.schema,
    looking_up.env,
):
    aurora.add_command(command)


def main(arguments: Sequence[str] | None = None) -> Any:
    """Entry point of the console script: runs a command and turns errors into one sentence and an exit code."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    try:
        with answered():
            code = aurora(
                args=None if arguments is None else list(arguments), prog_name="aurora", standalone_mode=False
            )
        return sys.exit(code) if code else None
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
    except BrokenPipeError:  # the reader of our output has closed it, as `head` does
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # otherwise the interpreter's last flush would fail
        return sys.exit(1)
    except Exception as error:
        write(traceback.format_exc() if debug else _told(error), err=True, end="" if debug else "\n")
        return sys.exit(error.exit_code if isinstance(error, AuroraError) else 1)


def _leave(code: int, said: str) -> Any:
    """End after a signal; of torchrun's processes only rank 0 prints a message."""
    if said and os.environ.get("RANK", "0") == "0":
        write(said, err=True)
    return sys.exit(code)


def _told(error: Exception) -> str:
    """The message for an error: one line, or one for each of several mistakes."""
    if isinstance(error, Mistakes) and len(error.sentences) > 1:
        listed = [f"  {line(sentence)}" for sentence in error.sentences]
        return "\n".join([f"Error: {line(error.what)} has {len(listed)} mistakes:", *listed])
    return line(_sentence(error))


def _sentence(error: Exception) -> str:
    """The message for one error; only a fault of Aurora's is called unexpected."""
    if isinstance(error, AuroraError):
        return f"Error: {error}"
    # Out of memory: PyTorch has an exception class for accelerators, but only words for CPUs.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "allocate memory" in str(error):
        return (
            "Error: There is not enough memory for this: close other programs, or ask for a smaller network or batch."
        )
    if isinstance(error, OSError) and error.errno is not None:
        where = error.filename if error.filename is not None else "a file"
        full = what_is_full(error, where)
        return f"Error: {full or f'{where}: {error.strerror}: check the path, its permissions and the disk.'}"
    return f"Unexpected {type(error).__name__}: {error} (aurora --debug shows the trace)."
