"""Running programs that nobody has read: what a model wrote must not reach the machine it is tested on.

    program -> toolchain of its language -> jail (bubblewrap) -> run, watched -> outcome

Outcomes tell what the program did from what the sandbox could not do: a missing tool or a jail that fails is *not run*,
never a wrong answer. Nothing here knows a benchmark.
"""
