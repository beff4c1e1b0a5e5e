"""From a written policy to prompts, answers and a judge.

`policy` reads what is refused and what stays allowed; `prompts` makes prompts and answers from it, `dataset` splits and
writes them. `judge` says what an answer is, with `readable` telling text from noise and its language.
"""
