#!/usr/bin/env python3
"""Asks `terraform console` for the result of every expression in terraform.toml.

Run by hand after adding expressions (only `expression = …` is needed); the
tests read the table and need no Terraform. What stands beside the result by
hand, `deviation` (why ours differs) and `ours` (our result), is kept.
"""

import base64
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import tomllib

TABLE = pathlib.Path(__file__).with_name("terraform.toml")
HEAD = """\
# What `terraform console` says to each expression, as JSON; `error = true` where
# it refuses. Regenerate with ./regenerate.py, which keeps the rest.
# `deviation` says why ours differs on purpose, `ours` what it is (absent: an error).
"""


def ask(expression):
    """The result as JSON, or None where Terraform refuses.

    One console each: it prints nothing at all if one of several lines fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        line = f"base64encode(jsonencode({expression}))\n"
        run = subprocess.run(["terraform", "console"], cwd=folder, input=line, text=True, capture_output=True)
    if run.returncode != 0:
        return None
    try:
        return base64.b64decode(run.stdout.strip().strip('"'), validate=True).decode()
    except ValueError:
        sys.exit(f"{expression}: no value, but {run.stdout!r}; take it out of the table")


def quote(text):
    """A TOML string, literal where possible, as expressions are full of quotes."""
    if "'" not in text and all(c.isprintable() for c in text):
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def main():
    cases = tomllib.loads(TABLE.read_text())["case"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(ask, [case["expression"] for case in cases]))
    blocks = [HEAD]
    for case, result in zip(cases, results):
        lines = ["[[case]]", f"expression = {quote(case['expression'])}"]
        lines.append("error = true" if result is None else f"result = {quote(result)}")
        lines += [f"{key} = {quote(case[key])}" for key in ("ours", "deviation") if key in case]
        blocks.append("\n".join(lines) + "\n")
    TABLE.write_text("\n".join(blocks))


if __name__ == "__main__":
    main()
