"""Whether a text is worth keeping: rule sets, in which each rule limits a statistic.

    texts -> kernels, flagged, perplexity -> columns of statistics -> judging -> the first rule that each text breaks

`rule_sets` lists the rules and the statistic of each; limits by language come from `languages/`. `judging` judges
documents by the sets that the recipe names and gives the first rule that each breaks, with the value. `flagged` and
`perplexity` are statistics that need a file of the user's.
"""
