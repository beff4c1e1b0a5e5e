"""From a written policy to prompts, answers and a judge.

    policies/NAME.yaml, NAME/LANGUAGE.yaml -> policy -> prompts -> dataset -> train.jsonl, held_out.jsonl

`policy` reads what is refused and what stays allowed; `prompts` combines its templates and actions into items,
`dataset` splits them by template and writes them. `judge` classifies a model's answer as refusal, answer, other
language or incapable; `readable` tells it whether a text is readable and which language it is in.
"""
