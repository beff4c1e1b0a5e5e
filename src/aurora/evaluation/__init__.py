"""What is measured on a checkpoint.

A checkpoint and the run's measuring text come in, one `results.json` a checkpoint goes out:

    corpus/held_out -> held_out -> windows -> bits_per_byte, bigram -> results
    redteam/held_out.jsonl -> answers -> refusals (judged by `redteam.judge`) -> results

`results` is what the pipeline calls, and the only module that writes files. `bigram` is the baseline beside every
figure of a small network; `samples` shows what a checkpoint writes. `statistics/` says how sure a figure is, and
whether two checkpoints differ. `drafts` are a model's own answers, to be trained on; `tasks/` are benchmarks,
`scorer/` is a checkpoint as a model of lm-evaluation-harness, and
`self_test/` finds bugs put into it.
"""
