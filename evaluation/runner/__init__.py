"""Runs anybody's submission locked in, watches what it costs, says how it ended, and never loses a result.

For those who run many submissions or judge one (a queue, a rehearsal)::

    from evaluation.running import make_check, open_challenge, score_run, verify_run
    from evaluation.runner.engines import choose_engine
    from evaluation.runner.run import run_submission
    from evaluation.runner.submission import choose_submission

    challenge = open_challenge(Protocol.UUSIC25, input_dir, manifest_file, reference)
    submission = choose_submission(image, image_file, command)
    engine = choose_engine(None, submission)
    options = RunOptions(limits=Limits(...), n_repeats=1)
    check = make_check(challenge.manifest)
    finished = run_submission(engine, submission, challenge, out, options, name=name, check=check)
    score_run(out, ReferencePlace(reference), ScoringOptions())
    verify_run(out)

`finished.record` is the `RunFile` of ``out/run.json``; `record.fault == "infrastructure"` may be tried again,
anything else stands. A call whose key lies in `out` already returns it at once (`finished.is_resumed`). A
call holds its folder's lock, so no folder is run twice at once; a killed caller leaves nothing half done:
local commands end with it, containers are removed by the next call on that engine (`clean`).
`record.scoring` says how the ``result.json`` beside it was made; None: not scored yet.
"""
