"""The regression gate: may a candidate replace the baseline?

`pair` reads two results of one test set, `evidence` says how far a difference can be chance, `comparison`
gives the verdict on scores, `cost` on time and memory, `bench` on two files of the bench, `report` prints
them.
"""
