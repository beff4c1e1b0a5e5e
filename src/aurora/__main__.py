"""`aurora` and `python -m aurora`: the command line, reached so that Ctrl-C is answered while it is still imported."""

import os
import signal
import sys

# What may abort the interpreter while it ends after a signal: the threads of a library that were stopped by it too.
ABORTING = ("daft",)


def start() -> None:
    """Run the command of this process's arguments."""
    try:
        from aurora.cli import main
    except KeyboardInterrupt:  # nothing was begun, so there is nothing to say
        sys.exit(128 + signal.SIGINT)
    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int) and end.code > 128 and any(name in sys.modules for name in ABORTING):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code)  # files are closed and locks released by now
        raise


if __name__ == "__main__":
    start()
