"""Runs anybody's submission locked in, watches what it costs, says how it ended, and never loses a result.

For those who run many submissions or judge one (a queue, a rehearsal)::

    challenge = open_challenge(Protocol.UUSIC25, input_dir, manifest_file, reference)   # evaluation.running
    submission = choose_submission(image, image_file, command)                    # evaluation.runner.submission
    engine = choose_engine(None, submission)                                      # evaluation.runner.engines
    finished = run_submission(                                                    # evaluation.runner.run
        engine, submission, challenge, out, RunOptions(limits=Limits(...)), name=..., check=make_check(...)
    )
    score_run(out, ReferencePlace(...), ScoringOptions(...))                      # evaluation.running
    verify_run(out)                                                               # what has changed since

`finished.record` is the `RunFile` of ``out/run.json``; `record.fault == "infrastructure"` may be tried again,
anything else stands. A call whose key lies in `out` already returns it at once (`finished.is_resumed`). A call
holds its folder's lock, so no folder is run twice at once; a killed caller leaves nothing whole and nothing
running: local commands end with it, containers are removed by the next call on that engine (`clean`).
`record.scoring` says how the ``result.json`` beside it was made; None: not scored yet.
"""
