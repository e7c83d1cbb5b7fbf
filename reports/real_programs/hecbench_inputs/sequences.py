"""Sequences of letters: FASTA, pairs of reads, anchors."""
from text import lines


def letters(r, length, alphabet="ACGT"):
    return "".join(r.choices(alphabet, k=length))


def mutated(r, text, rate, alphabet="ACGT"):
    return "".join(r.choice(alphabet) if r.random() < rate else c for c in text)


def fasta(r, count, low, high, alphabet="ACGT", families=4, rate=0.02):
    parents = [letters(r, high, alphabet) for _ in range(families)]
    out = []
    for i in range(count):
        child = mutated(r, r.choice(parents), rate, alphabet)[:r.randint(low, high)]
        out.append(f">s{i}\n{child}\n")
    return "".join(out)


def read_pairs(r, count, length):
    """snake: a read and its place in the reference a line, with more and more differences."""
    refs = [letters(r, length) for _ in range(count)]
    return lines(([mutated(r, ref, 0.3 * i / count), ref] for i, ref in enumerate(refs)), "\t")


def seeded_pairs(r, count, length, seed):
    """logan: two sequences and where their common seed of `seed` letters starts in each, and the strand."""
    rows = []
    for _ in range(count):
        first = letters(r, length)
        at = r.randint(length // 4, length // 2)
        second = mutated(r, first[:at], 0.1) + first[at:at + seed] + mutated(r, first[at + seed:], 0.1)
        rows.append([first, at, second, at, "n"])
    return lines(rows, "\t")


def anchors(r, calls, count):
    """minimap2: the header of a call, its anchors (tag, x, width, y) along a diagonal, and a mark of the end."""
    out = []
    for _ in range(calls):
        x = y = 100
        rows = [[count, 19.0, 5000, 5000, 500]]
        for _ in range(count):
            x, y = x + r.randint(5, 60), y + r.randint(5, 60)
            rows.append([1, x, 19, y])
        out.append(lines(rows) + "EOR\n")
    return "".join(out)
