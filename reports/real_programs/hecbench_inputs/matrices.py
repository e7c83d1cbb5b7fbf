"""Sparse matrices, tensors, and a matrix of bits."""
from text import lines


def matrix_market(r, size, band, kind):
    """The lower triangle of a diagonally dominant sparse matrix; with `symmetric` as kind it stands for all of it."""
    rows = []
    for i in range(1, size + 1):
        for j in sorted({i, *(max(1, i - r.randint(1, band)) for _ in range(4))}):
            rows.append([i, j, 12.0 if i == j else r.uniform(-1, 1)])
    return f"%%MatrixMarket matrix coordinate real {kind}\n" + lines([[size, size, len(rows)], *rows])


def tensor(r, sizes, count):
    """Order, sizes, then distinct 1-based coordinates and a value a line."""
    cells = sorted({tuple(r.randint(1, n) for n in sizes) for _ in range(count)})
    return lines([[len(sizes)], sizes, *([*cell, r.gauss(0, 1)] for cell in cells)])


def bits(r, height, width, rank):
    """bmf: height, width, ones; then row and column of each one, of a matrix of low Boolean rank."""
    left = [r.getrandbits(rank) & r.getrandbits(rank) for _ in range(height)]
    right = [r.getrandbits(rank) & r.getrandbits(rank) for _ in range(width)]
    ones = [[i, j] for i in range(height) for j in range(width) if left[i] & right[j]]
    return lines([[height, width, len(ones)], *ones])
