"""Results of tasks: kept as files, and compared item by item.

results    what one model answered, as one file that stands alone
others     files of lm-eval and olmo-eval with scores of items
compared   several results -> what changed, how sure that is, a verdict for each form of each task
shown      all of it as lines for a terminal
"""
