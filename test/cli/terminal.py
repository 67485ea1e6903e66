"""Runs a program at a terminal of its own: waits for each text in turn and then types the answer.

Usage: terminal.py '[["text to wait for", "what is typed"], …]' program argument…
Prints all that the terminal showed, and ends with the program's exit code.
"""

import fcntl
import json
import os
import pty
import struct
import sys
import termios

steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
seen = 0
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # Linux says so when the program has ended.
        part = b""
    if part == b"":
        break
    shown += part
    while steps:
        at = shown.find(steps[0][0].encode(), seen)
        if at < 0:
            break
        seen = at + len(steps[0][0].encode())
        os.write(terminal, steps.pop(0)[1].encode())
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status))
