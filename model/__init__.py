"""The predictors that ship: what `inference.py` asks, and their weights.

Promises: imports `evaluation.contract` and nothing else of `evaluation`; weights are safetensors files.
"""
