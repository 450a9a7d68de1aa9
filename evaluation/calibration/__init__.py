"""How fast a host is, so that a time measured here tells the time there.

`measure_host` runs a fixed workload and returns a `Calibration`; `predict_runtime_s` carries a time over.
"""
