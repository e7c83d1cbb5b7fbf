#!/usr/bin/env python3
"""Mutated copies of source files.   mutate.py LIST ROOT OUT

LIST is property_tests/mutants/ops/<op>.json (mutant.h). Writes OUT/<mutant>/<file> for each: the file of the source tree ROOT
with `from`, which must occur in it exactly once, replaced by `to`. A copy that is the same already is left alone. Exit: 0
good, 1 refused, nothing written, with one line that names list, mutant and file.
"""
import json
import pathlib
import sys

FIELDS = ("name", "kind", "file", "from", "to", "what")
KINDS = ("accumulator", "barrier", "eps", "index", "operator", "reduction", "rounding", "sign", "tail")


def check_fields(mutant, kernels):
    for field in FIELDS:
        if not isinstance(mutant.get(field), str):
            raise ValueError(f"it has no text '{field}'; it needs {', '.join(FIELDS)}")
    if unknown := sorted(set(mutant) - set(FIELDS)):
        raise ValueError(f"it has an unknown field '{unknown[0]}'; it needs {', '.join(FIELDS)}")
    if mutant["kind"] not in KINDS:
        raise ValueError(f"it is of kind '{mutant['kind']}'; allowed: {', '.join(KINDS)}")
    if mutant["file"] != kernels and not mutant["file"].endswith(".cuh"):
        raise ValueError(f"it changes {mutant['file']}, which is neither {kernels} nor a header .cuh")


def mutated(mutant, root):
    """The file's text with the mutant's change."""
    text = (root / mutant["file"]).read_text()
    count = text.count(mutant["from"])
    if count != 1:
        raise ValueError(f"it replaces '{mutant['from']}': {count} places in {mutant['file']}, need one")
    if mutant["to"] == mutant["from"]:
        raise ValueError(f"it changes nothing in {mutant['file']}")
    return text.replace(mutant["from"], mutant["to"])


def copies(path, root):
    """Path below OUT and text of every mutant's copy."""
    found = {}
    for place, mutant in enumerate(json.loads(path.read_text()), 1):
        name = mutant.get("name")
        try:
            check_fields(mutant, f"impl/ops/{path.stem}.cu")
            copy = pathlib.Path(name) / mutant["file"]
            if any(other.parts[0] == name for other in found):
                raise ValueError("there are two of this name")
            found[copy] = mutated(mutant, root)
        except (OSError, ValueError) as error:
            raise ValueError(f"{path}: mutant {place}, '{name}': {error}") from error
    return found


def main(path, root, out):
    for copy, text in copies(path, root).items():
        copy = out / copy
        if copy.exists() and copy.read_text() == text:
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("mutate.py: need LIST ROOT OUT")
    try:
        main(*map(pathlib.Path, sys.argv[1:]))
    except json.JSONDecodeError as error:
        sys.exit(f"mutate.py: {sys.argv[1]}: {error}")
    except (OSError, ValueError) as error:
        sys.exit(f"mutate.py: {error}")
