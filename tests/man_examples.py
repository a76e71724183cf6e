#!/usr/bin/env python3
"""Runs the EXAMPLES of an mdoc page: man_examples.py PAGE
In literal blocks, lines that begin with "$ " are shell commands (a trailing backslash continues); the lines behind are the
exact stdout expected; a line "..." stands for any lines. Commands run in the current folder. Exit 1: one differs."""
import re
import subprocess
import sys


def blocks(page):
    """The literal blocks of the EXAMPLES section, as lists of lines without mdoc's escapes."""
    inside = literal = False
    block = []
    for line in open(page, encoding="utf-8").read().splitlines():
        if line.startswith(".Sh"):
            inside = line.split()[1:2] == ["EXAMPLES"]
        elif inside and line.startswith(".Bd -literal"):
            literal, block = True, []
        elif inside and literal and line.startswith(".Ed"):
            literal = False
            yield block
        elif inside and literal:
            for escape, char in ((r"\&", ""), (r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\(ga", "`"),
                                 (r"\(ha", "^"), (r"\(ti", "~"), (r"\e", "\\")):
                line = line.replace(escape, char)
            block.append(line)


def cases(block):
    """(command, expected lines) pairs of a block."""
    command, expected, found = None, [], []
    for line in block:
        if command is not None and command.endswith("\\"):
            command = command[:-1] + line.strip()
        elif line.startswith("$ "):
            if command is not None:
                found.append((command, expected))
            command, expected = line[2:], []
        elif command is not None:
            expected.append(line)
    if command is not None:
        found.append((command, expected))
    return found


def matches(got, expected):
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in expected)
    return re.fullmatch(pattern, got) is not None


def main(page):
    failed = ran = 0
    for block in blocks(page):
        for command, expected in cases(block):
            run = subprocess.run(["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 errors="replace")
            got = run.stdout if run.stdout.endswith("\n") or not run.stdout else run.stdout + "\n"
            ran += 1
            if not matches(got, [line for line in expected]):
                failed += 1
                print(f"{page}: $ {command}\nexpected:\n" + "\n".join(expected) + f"\ngot (exit {run.returncode}):\n"
                      f"{got}stderr:\n{run.stderr}")
    print(f"{page}: {ran} examples, {failed} differ")
    return failed > 0 or ran == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
