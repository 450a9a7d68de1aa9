"""A stand-in for docker's command line: writes down what it is told and answers from a script."""

import json
import sys
from pathlib import Path

HERE = Path(sys.argv[0]).parent


def main() -> int:
    """Answer with the first rule whose words begin the command line; 0 and nothing without one."""
    words = sys.argv[1:]
    with (HERE / "calls.jsonl").open("a") as log:
        log.write(json.dumps(words) + "\n")
    for begin, code, out, err in json.loads((HERE / "rules.json").read_text()):
        if words[: len(begin)] == begin:
            sys.stdout.write(out)
            sys.stderr.write(err)
            return int(code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
