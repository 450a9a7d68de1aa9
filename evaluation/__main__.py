"""``python -m evaluation``.

Nothing is imported here before it runs: each scoring process imports this module again.
"""

if __name__ == "__main__":
    import sys

    if sys.argv[1:2] in (["score"], ["check"]):
        # The server that scoring processes are forked from imports on another core while this one does.
        from evaluation.parallel import start_server

        start_server("evaluation.masks" if sys.argv[1] == "score" else "evaluation.checking")

    from evaluation.commands import main

    main()
