"""Tasks: benchmarks as files in the YAML format of lm-eval, with the wordings in which Aurora asks each of them.

    library/   a file a task, by language; families/ are what several tasks include, suites/ name tasks
    files      a file -> its settings -> a configuration of lm-eval for each wording
    flat, hub  where items come from: a folder in one flat schema, or the hub
    answers, programs, safety, attacks   what a model is asked and how its answers are scored

One decision: a task is data that lm-eval reads as it is. What Aurora needs besides (wordings, measures, its file in
a folder of data) stands in `metadata`, which lm-eval leaves alone.
"""
