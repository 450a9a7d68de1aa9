"""A participant's dress rehearsal: two runs on the sample folder, a verdict on each rule of the organiser's.

`rehearse` runs a submission and returns a `Rehearsal`; the limits lie in ``limits/``, one file a protocol,
each with its source.
"""
