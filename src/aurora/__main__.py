"""`python -m aurora` is the console script `aurora`."""

from aurora.cli import main

if __name__ == "__main__":
    main()
