"""Energies of RNA folding, made up but of the right signs, for prna (rna.*.dg) and frna (*.dat)."""
import itertools

from text import lines


BASES = "ACGU"
STACKS = "coaxial coaxstack stack tstack tstackcoax tstackh tstacki tstacki1n tstacki23 tstackm".split()


def stacking(name, i, j, k, m):
    """The energy of the pair i-j next to k and m, which are a pair too in the tables without a t."""
    pairs = ("AU", "CG", "GC", "UA", "GU", "UG")
    if i + j not in pairs or name[0] != "t" and k + m not in pairs:
        return "0.5"
    strength = sum(b in "CG" for b in i + j + k + m)
    return f"{-0.4 - 0.1 * strength - (1.0 if name[0] != 't' else 0):.1f}"


def stack_dg(name):
    rows = []
    for i, j in itertools.product(BASES, repeat=2):
        rows += [[i + "X"], [j + "Y"], BASES]
        rows += ([k, *(stacking(name, i, j, k, m) for m in BASES)] for k in BASES)
    return lines(rows)


def stack_dat(name):
    rows = ([stacking(name, i, j, k, m) for j in BASES for m in BASES] for i in BASES for k in BASES)
    return "STACKING ENERGIES\n" + lines(rows)


def dangles_dg():
    rows = []
    for ends in (("X", ""), ("", "X")):
        for i, j in itertools.product(BASES, repeat=2):
            rows += [[i + ends[0]], [j + ends[1]], BASES, ["-0.3"] * 4]
    return lines(rows)


def dangles_dat():
    out = []
    for ends in (("X", ""), ("", "X")):
        for i in BASES:
            out += ["block", "5' --> 3'", " ".join([i + ends[0]] * 4), " ".join(j + ends[1] for j in BASES),
                    "3' <-- 5'", " ".join(["-0.3"] * 16)]
    return "\n".join(out) + "\n"


def loops():
    rows = ([n, f"{1 + 0.1 * n:.1f}", f"{3 + 0.1 * n:.1f}", f"{5 + 0.1 * n:.1f}"] for n in range(1, 31))
    return "--------\n" + lines(rows)


def other_loops():
    """Each value after its arrow; of some the programs read the arrow only."""
    values = ("1.1", "3.0", "0.5", "3.4 0.0 0.4", "", "", "", "0.5", "-2.2", "0.3", "1.6", "1.4", "", "-0.9")
    return "".join(f"-->\n{v}\n" for v in values)


def rna_tables(folder):
    files = {}
    for name in STACKS:
        files[f"rna.{name}.dg"] = lambda r, name=name: stack_dg(name)
        files[f"{name}.dat"] = lambda r, name=name: stack_dat(name)
    same = {"loop": loops, "miscloop": other_loops, "triloop": lambda: "--------\nCAACG 6.8\n",
            "tloop": lambda: "--------\nGGAAAC -3.0\n", "hexaloop": lambda: "--------\nACAGUGCU 2.9\n"}
    for name, content in same.items():
        files[f"rna.{name}.dg"] = files[f"{name}.dat"] = lambda r, content=content: content()
    files["rna.dangle.dg"] = lambda r: dangles_dg()
    files["dangle.dat"] = lambda r: dangles_dat()
    for name, mark in (("int11", "-->"), ("int21", "-->"), ("int22", "------>")):  # no entries: none is favoured
        files[f"rna.{name}.dg"] = lambda r: ""
        files[f"{name}.dat"] = lambda r, mark=mark: f"5' {mark} 3'\n"
    return {f"{folder}/{name}": content for name, content in files.items()}
