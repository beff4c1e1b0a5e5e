"""`aurora` and `python -m aurora`: the command line, reached so that Ctrl-C is answered while it is still imported."""

import signal
import sys


def start() -> None:
    """Run the command of this process's arguments."""
    try:
        from aurora.cli import main
    except KeyboardInterrupt:  # nothing was begun, so there is nothing to say
        sys.exit(128 + signal.SIGINT)
    main()


if __name__ == "__main__":
    start()
