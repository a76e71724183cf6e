#!/usr/bin/env python3
"""Runs the examples of an mdoc page: man_examples.py PAGE
In its literal blocks, lines that begin with "$ " are shell commands (a trailing backslash, bar or && continues, and a here
document goes on to its EOF); the lines behind are the exact stdout expected; a line "..." stands for any lines, a time such
as 0.0 s for any time. The commands of a block share one shell, all blocks the current folder. Exit 1: one differs."""
import os
import re
import signal
import subprocess
import sys
import tempfile


def blocks(page):
    """The literal blocks, as lists of lines without mdoc's escapes."""
    literal = False
    block = []
    for line in open(page, encoding="utf-8").read().splitlines():
        if line.startswith(".Bd -literal"):
            literal, block = True, []
        elif literal and line.startswith(".Ed"):
            literal = False
            yield block
        elif literal:
            for escape, char in ((r"\&", ""), (r"\-", "-"), (r"\(aq", "'"), (r"\(dq", '"'), (r"\(ga", "`"),
                                 (r"\(ha", "^"), (r"\(ti", "~"), (r"\e", "\\")):
                line = line.replace(escape, char)
            block.append(line)


def cases(block):
    """(command, expected lines) pairs of a block."""
    found = []
    lines = iter(block)
    for line in lines:
        if not line.startswith("$ "):
            if found:
                found[-1][1].append(line)
            continue
        command = line[2:]
        while command.endswith(("\\", "|", "&&")):
            command = command.removesuffix("\\") + ("\n" if not command.endswith("\\") else "") + next(lines).strip()
        if "<<'EOF'" in command:
            for line in lines:
                command += "\n" + line
                if line == "EOF":
                    break
        found.append((command, []))
    return found


def matches(got, expected):
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in expected)
    pattern = re.sub(r"\d+\\\.\d\\ s\n", lambda _: r"\d+\.\d s" + "\n", pattern)
    return re.fullmatch(pattern, got) is not None


def run(block, folder):
    """Runs a block's commands in one shell, which keeps its variables and background jobs until the block ends.
    Returns (command, expected, stdout) triples; the standard error of all is in folder/err."""
    found = cases(block)
    script = "".join(f"{{ {command}\n}} >{folder}/{i}\n" for i, (command, _) in enumerate(found))
    with open(f"{folder}/err", "w") as err:
        shell = subprocess.Popen(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=err, stderr=err,
                                 start_new_session=True)
        try:
            shell.wait(timeout=60)
        except subprocess.TimeoutExpired:
            err.write("took longer than 60 s\n")
        try:
            os.killpg(shell.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    for i, (command, expected) in enumerate(found):
        path = f"{folder}/{i}"
        got = open(path, encoding="utf-8", errors="replace").read() if os.path.exists(path) else "(was not run)"
        yield command, expected, got if got.endswith("\n") or not got else got + "\n"


def main(page):
    failed = ran = 0
    for block in blocks(page):
        with tempfile.TemporaryDirectory() as folder:
            for command, expected, got in run(block, folder):
                ran += 1
                if not matches(got, expected):
                    failed += 1
                    print(f"{page}: $ {command}\nexpected:\n" + "\n".join(expected) + f"\ngot:\n{got}stderr:\n" +
                          open(f"{folder}/err", encoding="utf-8", errors="replace").read())
    print(f"{page}: {ran} examples, {failed} differ")
    return failed > 0 or ran == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
