"""Whether a text is worth keeping: rule sets, in which each rule limits a statistic.

    texts -> kernels, flagged, perplexity -> statistics (columns) -> quality, by rule_sets and limits -> first rule
    broken

`rule_sets` lists the rules and the statistic of each; limits by language come from `languages/`. `quality` judges
documents by the sets that the recipe names and gives the first rule that each breaks, with the value. `flagged` and
`perplexity` are statistics that need a file of the user's.
"""
