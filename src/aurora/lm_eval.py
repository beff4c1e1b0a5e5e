"""`python -m aurora.lm_eval`: the command line of lm-evaluation-harness, which then knows the model `aurora`.

One decision: everything behind it is the harness's own; only a mistake in `--model_args` is told as Aurora tells it.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the harness; exit 2 for a user's mistake."""
    from aurora.console.terminal import write
    from aurora.errors import AuroraError

    try:
        from lm_eval.__main__ import cli_evaluate

        import aurora.api.harness  # noqa: F401 (registers the model)
    except ImportError as error:
        write(f"Error: lm-eval is not installed ({error}): run pip install 'aurora-lm[evaluate]'.", err=True)
        sys.exit(2)
    try:
        cli_evaluate()
    except AuroraError as error:
        write(f"Error: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
