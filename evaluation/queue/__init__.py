"""Many submissions on many machines: run each once, score each once, go on after whatever was killed.

`read_plan` reads ``submissions.yaml``; `open_cluster` finds the workers; `Queue` does the work. Dask
distributed carries the jobs; what is done lies in the run folders, so a queue is resumed by a new start.
"""
