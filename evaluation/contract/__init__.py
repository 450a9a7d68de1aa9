"""The words that every room shares: task, case, manifest, prediction, problem, result, errors.

Promises: importing this package loads the standard library, numpy and pydantic, nothing else; records that
cross the disk are validated, carry a ``format_version`` and never hold NaN, infinity or an array.
"""
