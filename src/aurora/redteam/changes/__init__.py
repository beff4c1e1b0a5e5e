"""What hangs on a policy that was edited: which prompts, labels, pairs, checkpoints and figures, and that nothing else
does.

    policy, policy -> clauses -> files (rows, labels), runs

`clauses` compares two versions of a policy, `files` looks through data and the logs of reviews, and `runs` through a
run. All of it follows from hashes of clauses; nothing is written.
"""
