"""Makes small inputs for the programs of HeCBench (zjin-lcf/HeCBench) whose own inputs are not in the repository.

HeCBench keeps the inputs of about 70 of its programs outside the repository (*.dvc files stand for them). This script
writes inputs of the same formats, small and made up, where the `run` targets of the Makefiles look for them:

    python3 hecbench_inputs [-n] HeCBench/src [PATH-PART ...]

With PATH-PART only the files whose path contains one of them are made; with -n nothing is written. The contents depend
on nothing but this script: each file has its own generator of random numbers, seeded with the file's path. A file that
exists is left as it is, unless this script made it (it lists what it made in .hecbench_inputs, in src).

The sizes are for an emulator: images of 64 to 128 pixels a side, graphs and matrices of some hundred rows, sequences of
some hundred letters. Where a program hard-codes a size, its input has that size. The arguments that go with these
inputs are in hecbench_arguments.txt. Only the standard library is used.
"""
import argparse
import os
import random
import sys

from files import FILES

MADE = ".hecbench_inputs"


def stop(message):
    print(f"hecbench_inputs: {message}", file=sys.stderr)
    sys.exit(64)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", action="store_true", help="only list what would be made")
    parser.add_argument("src", help="HeCBench's folder src")
    parser.add_argument("part", nargs="*", help="only the files whose path contains it")
    args = parser.parse_args()
    if not os.path.isdir(args.src):
        stop(f"'{args.src}' is no folder; allowed: HeCBench's folder src")
    for part in args.part:
        if not any(part in path for path in FILES):
            stop(f"no file's path contains '{part}'; -n lists them")
    record = os.path.join(args.src, MADE)
    made = set()
    if os.path.exists(record):
        with open(record, encoding="utf-8") as f:
            made = set(f.read().splitlines())
    for path, content in FILES.items():
        if args.part and not any(p in path for p in args.part):
            continue
        full = os.path.join(args.src, path)
        if os.path.lexists(full) and path not in made:
            print(f"kept, was there: {path}", file=sys.stderr)
            continue
        data = content(random.Random(path))
        data = data.encode() if isinstance(data, str) else bytes(data)
        print(f"{len(data):9d} {path}")
        if args.n:
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if path not in made:  # recorded first: a later run may write it again
            made.add(path)
            with open(record, "a", encoding="utf-8") as f:
                f.write(path + "\n")
        with open(full + ".part", "wb") as f:
            f.write(data)
        os.replace(full + ".part", full)


if __name__ == "__main__":
    main()