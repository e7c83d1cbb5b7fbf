"""Tables of records, and sets."""
import struct

from simulations import points
from text import lines


def clusters_text(r, rows, columns, middles, head=None, separator=","):
    """Points around `middles` centres; `head` starts each line with its number."""
    centre = [[r.uniform(-8, 8) for _ in range(columns)] for _ in range(middles)]
    points = ([r.gauss(c, 0.7) for c in r.choice(centre)] for _ in range(rows))
    return lines(([i, *p] if head else p for i, p in enumerate(points)), separator)


def flow_table(r, rows, columns):
    return ",".join(f"d{i}" for i in range(columns)) + "\n" + clusters_text(r, rows, columns, 3)


def svm(r, rows, features):
    """libsvm's text format, all features of each row."""
    out = []
    for i in range(rows):
        label = 1 if i % 2 else -1
        row = (f"{j}:{r.gauss(label * 0.3 * (j % 3 == 0), 0.5):.4f}" for j in range(1, features + 1))
        out.append(f"{'+1' if label > 0 else '-1'} {' '.join(row)}\n")
    return "".join(out)


def temperatures(r, rows):
    return lines(((i / 1000, 12 + i / 9000 + r.gauss(0, 1)) for i in range(rows)), "\t")


def genes(r, rows, columns):
    """ccs: a header line, then an identifier and the expression values, with one block that moves together."""
    head = "\t".join(["gene", *(f"s{j}" for j in range(columns))]) + "\n"
    shape = [r.uniform(-3, 3) for _ in range(columns)]
    body = ([f"g{i}"] + [s + r.gauss(0, 0.1) if i % 3 == 0 and j % 2 == 0 else r.uniform(-3, 3)
                         for j, s in enumerate(shape)] for i in range(rows))
    return head + lines(body, "\t")


def poisson_table(r, rows):
    """gibbs: a count and its exposure a line."""
    return lines([min(60, int(r.expovariate(0.06))), r.uniform(0.5, 3)] for _ in range(rows))


def hurricanes(r, rows):
    """nn: records of 48 characters with the latitude in columns 28 to 32 and the longitude in 33 to 37."""
    out = []
    for i in range(rows):
        head = f"{1950 + i % 60} {1 + i % 12:2d} {1 + i % 28:2d} {i % 24:2d} {i:4d} STORM"
        out.append(f"{head:28.28}{r.uniform(7, 70):5.1f}{r.uniform(1, 358):5.1f}{r.randint(10, 160):10d}\n")
    return "".join(out)


def profile(r, rows):
    """cm: a header line, then a probe set and its signed rank a line."""
    ranks = [k * r.choice((-1, 1)) for k in range(1, rows + 1)]
    r.shuffle(ranks)
    return "ProbeSetID\tRank\n" + lines(([f"probe{i}_at", rank] for i, rank in enumerate(ranks)), "\t")


def sets(r, count, universe, descending):
    """si: the number of sets, the universe, the elements in all, the size of each set, the elements of each."""
    groups = [sorted(r.sample(range(1, universe + 1), r.randint(5, 80))) for _ in range(count)]
    groups.sort(key=len, reverse=descending)
    flat = [e for g in groups for e in g]
    head = struct.pack("<IIQ", count, universe, len(flat))
    return head + struct.pack(f"<{count + len(flat)}I", *map(len, groups), *flat)
