"""Published reference rows and the ranking of result files.

Promises: reads result files and its own published tables only; ranks nothing that was not scored under the
same protocol, mode, manifest and references; every number it leaves out is named with its reason.
"""
