"""Whether a text is worth keeping: sets of rules, each a statistic and its limits.

`rule_sets` says which statistic each rule looks at; limits by language come from `languages/`. `quality` judges a
document by the sets that the recipe names and gives the first rule that it breaks, with the value. `flagged` and
`perplexity` are statistics that need a file of the user's.
"""
