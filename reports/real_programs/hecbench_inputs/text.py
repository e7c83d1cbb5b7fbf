"""Numbers and words as text and as bytes."""
import struct


def lines(rows, separator=" "):
    """Rows of values as text, a line each; floats with six digits."""
    return "".join(separator.join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) + "\n" for row in rows)


def table(r, rows, columns, low, high, separator=" "):
    return lines(([r.uniform(low, high) for _ in range(columns)] for _ in range(rows)), separator)


def floats(r, count, low=-0.5, high=0.5):
    return struct.pack(f"<{count}f", *(r.uniform(low, high) for _ in range(count)))


def words(r, count, vocabulary=60):
    """Lower-case text without punctuation; the first words of the vocabulary are the frequent ones."""
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    known = sorted({"".join(r.choice(letters) for _ in range(r.randint(2, 8))) for _ in range(vocabulary)})
    return " ".join(known[int(len(known) * r.random() ** 2)] for _ in range(count))
