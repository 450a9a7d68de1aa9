"""How sure a score is: bootstrap by weights over cases or patients, and the intervals made from it.

A resample is a row of multinomial counts, and every statistic is a function of such weights, so a thousand
resamples are a few matrix products.
"""
