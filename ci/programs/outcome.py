"""The outcome of a run from its exit status and what it printed."""
import re

from programs.process import short

OUTCOMES = ("passed", "ran", "refused", "wrong", "timeout", "not built")

PASS = re.compile(r"\b(PASS(ED|ES)?(?!\s*\d)|OK|SUCCESS(FUL(LY)?)?|SUCCEEDED|VERIFIED|CORRECT|VALID|(results?|all|values?|outputs?) "
                  r"(all )?(match|agree)(es|ed)?|matches|test passed|no errors?( found)?|0 errors|(error|mismatch)(es|s)?( found)?[:=] ?0)(?!\w|\.\d)",
                  re.IGNORECASE)
FAIL = re.compile(r"\b(FAIL(ED|URE|S|ING)?|mis-?match(es|ed)?|incorrect|invalid result|not (ok|correct|equal|match\w*|verified)|"
                  r"do(es)? not match|wrong|verification error|validation error|results? differ)\b", re.IGNORECASE)
HARMLESS = re.compile(r"\bfail\w* as expected|\b(no|0|zero|without)( \w+)? (fail|mis-?match|error|incorrect|wrong)\w*|"
                      r"\b(fail|mis-?match|incorrect|wrong)\w*( \w+)?\s*[:=]\s*0+(\.0*)?%?(?![\d.])|"
                      r"\(%\) of bytes mismatched",  # a share, which the CUDA samples' comparison judges on the next line
                      re.IGNORECASE)
INPUT = re.compile(r"\busage\b|no such file|(could not|cannot|can't|unable to|fail(ed)? to|error( in)?) (open|read|find|load|stat|import)\w*|"
                   r"(file|image|data)\b.* not (be )?(found|opened)|\bwaiv\w+|dlopen|cannot be opened", re.IGNORECASE)
DEVICE = re.compile(r"cudaError\w+|CUDA error|CUDA_ERROR\w+|GPUassert", re.IGNORECASE)

DEVICE_ASSERTION = re.compile(r"block: \[\d+,\d+,\d+\], thread: \[\d+,\d+,\d+\] Assertion")


def judge(status, text, libraries):
    """The outcome and its reason from the exit status and what was printed."""
    lines = [line for line in text.splitlines() if line.strip()]
    ours = [line for line in lines if line.startswith("vgpu: ") or DEVICE_ASSERTION.search(line)]
    unsupported = [line for line in ours if re.search("not supported|not known|fat binary", line)]
    if status is None:
        return "timeout", short((ours or [""])[0])
    if unsupported:
        return "refused", short(unsupported[0])
    if status == 64 and lines and lines[-1].startswith("plumbline"):
        return "refused", short(lines[-1])
    plain = [HARMLESS.sub("", line) for line in lines]
    absent = [line for line in lines if INPUT.search(line)]
    failed = [line for line, bare in zip(lines, plain) if FAIL.search(bare) and line not in ours + absent]
    device = [line for line in lines if DEVICE.search(line)]
    passed = [line for line in lines if PASS.search(line)]
    if status == 0 and passed and not failed:
        return "passed", short(passed[-1])
    if ours:
        return "wrong", short(ours[0])
    if absent and not failed and not device:
        return "refused", "input: " + short(absent[0])
    if status == 0 and not failed and not device:
        return "ran", ""
    if libraries and (device or status):
        return "refused", f"uses {', '.join(libraries)}, which needs a GPU"
    how = f"signal {-status}" if status < 0 else f"exit {status}"
    return "wrong", f"{how}: {short((failed or device or lines[-1:] or ['no output'])[0])}" + (f"; uses {', '.join(libraries)}" if libraries else "")
