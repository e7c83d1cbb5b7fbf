"""Processes in groups of their own, their logs, and one-line refusals."""
import os
import re
import signal
import subprocess
import sys

RUNNING = set()


def stop(text):
    print(f"ci/real_programs: {text}", file=sys.stderr)
    sys.exit(64)




def kill_all(*_):
    """For a signal: nothing that was started outlives the script."""
    for process in list(RUNNING):
        kill_group(process)
    os._exit(130)


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_group(command, folder, seconds, log, stdin=None, environment=None):
    """Runs a command in a process group of its own; returns its exit status, None when the time was up."""
    with open(log, "wb") as out, open(stdin or os.devnull, "rb") as given:
        try:
            process = subprocess.Popen(command, cwd=folder, stdin=given, stdout=out, stderr=subprocess.STDOUT,
                                       env=environment, start_new_session=True)
        except OSError as error:
            out.write(str(error).encode())
            return 127
        RUNNING.add(process)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            kill_group(process)
            process.wait()
            RUNNING.discard(process)


def text_of(log, limit=4 << 20):
    with open(log, "rb") as file:
        return file.read(limit).decode("utf-8", "replace").replace("\0", "")


def short(line):
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", line)).strip()[:200]
