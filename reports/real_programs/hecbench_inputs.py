#!/usr/bin/env python3
"""Makes small inputs for the programs of HeCBench (zjin-lcf/HeCBench) whose own inputs are not in the repository.

HeCBench keeps the inputs of about 70 of its programs outside the repository (*.dvc files stand for them). This script
writes inputs of the same formats, small and made up, where the `run` targets of the Makefiles look for them:

    python3 hecbench_inputs.py [-n] HeCBench/src [PATH-PART ...]

With PATH-PART only the files whose path contains one of them are made; with -n nothing is written. The contents depend
on nothing but this script: each file has its own generator of random numbers, seeded with the file's path. A file that
exists is left as it is, unless this script made it (it lists what it made in .hecbench_inputs, in src).

The sizes are for an emulator: images of 64 to 128 pixels a side, graphs and matrices of some hundred rows, sequences of
some hundred letters. Where a program hard-codes a size, its input has that size. The arguments that go with these
inputs are in hecbench_arguments.txt. Only the standard library is used.
"""

import argparse
import heapq
import itertools
import math
import os
import random
import struct
import sys

MADE = ".hecbench_inputs"


# Text and numbers


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


# Images


def pixel(x, y):
    """Red, green and blue of one made-up picture without end: waves, edges, and some grain."""
    grain = (x * 7919 ^ y * 104729) * 2654435761 >> 7 & 15
    wave = 70 * math.sin(x / 9) * math.cos(y / 13)
    disk = 60 if (x % 48 - 24) ** 2 + (y % 48 - 24) ** 2 < 200 else 0
    return tuple(int(min(255, max(0, 90 + wave * f + disk + grain))) for f in (1, 0.6, -0.4))


def bmp(width, height, left=0, top=0):
    """24 bits a pixel, rows from the bottom up, each a multiple of four bytes."""
    body = bytearray()
    for y in reversed(range(height)):
        for x in range(width):
            body += bytes(reversed(pixel(left + x, top + y)))
        body += bytes(-3 * width % 4)
    head = struct.pack("<2sihhi", b"BM", 54 + len(body), 0, 0, 54)
    return head + struct.pack("<3i2h6i", 40, width, height, 1, 24, 0, len(body), 2835, 2835, 0, 0) + body


def ppm(width, height, noise=None):
    """Binary PPM; `noise` is a generator of random numbers, for a noisy version of the same picture."""
    body = bytearray()
    for y, x in itertools.product(range(height), range(width)):
        for value in pixel(x, y):
            body.append(int(min(255, max(0, value + (noise.gauss(0, 20) if noise else 0)))))
    return b"P6\n%d %d\n255\n" % (width, height) + body


def grey_text(width, height):
    """The plain PGM of Rodinia: three header lines, then the values."""
    rows = ([pixel(x, y)[0] for x in range(width)] for y in range(height))
    return f"P2\n{width} {height}\n255\n" + lines(rows)


def radiance_text(width, height):
    """tonemapping's own text format: width, height, then four positive floats a pixel."""
    rows = ([c / 32 + 0.1 for c in pixel(x, y)] + [1.0] for y in range(height) for x in range(width))
    return f"{width} {height}\n" + lines(rows)


def frame_text(size, flat):
    """ced: rows, columns, grey values. Nothing but one shade in the upper left `flat` by `flat` corner."""
    rows = ([100 if max(x, y) < flat else pixel(x, y)[0] for x in range(size)] for y in range(size))
    return f"{size}\n{size}\n" + lines(rows)


def mnist_images(r, count):
    return struct.pack(">4i", 2051, count, 28, 28) + bytes(r.choice((0, 0, 0, 128, 255)) for _ in range(count * 784))


def mnist_labels(r, count):
    return struct.pack(">2i", 2049, count) + bytes(r.randrange(10) for _ in range(count))


# Graphs


def graph(r, nodes, extra):
    """Adjacency lists, sorted, of a connected undirected graph: a ring and `extra` more edges."""
    near = [set() for _ in range(nodes)]
    pairs = [(v, (v + 1) % nodes) for v in range(nodes)] + [r.sample(range(nodes), 2) for _ in range(extra)]
    for a, b in pairs:
        near[a].add(b)
        near[b].add(a)
    return [sorted(s) for s in near]


def starts(near):
    return [0, *itertools.accumulate(len(s) for s in near)]


def egr(r, nodes, extra, weighted=False):
    """The binary CSR format of ECL (Texas State University): nodes, edges, row starts, neighbours, weights."""
    near = graph(r, nodes, extra)
    flat = [w for s in near for w in s]
    weight = [1 + (v * w + v + w) % 97 for v, s in enumerate(near) for w in s] if weighted else []
    values = [nodes, len(flat), *starts(near), *flat, *weight]
    return struct.pack(f"<{len(values)}i", *values)


def rodinia_graph(r, nodes, extra):
    """bfs: nodes, start and degree of each, the source, edges, target and cost of each."""
    near = graph(r, nodes, extra)
    first = starts(near)
    rows = [[nodes], *([first[v], len(s)] for v, s in enumerate(near)), [0], [first[-1]]]
    return lines(rows + [[w, r.randint(1, 10)] for s in near for w in s])


def chai_graph(nodes, extra):
    """The graph of sssp as near[v] = [(w, cost), ...], the same at every call."""
    r = random.Random("sssp")
    return [[(w, r.randint(1, 20)) for w in s] for s in graph(r, nodes, extra)]


def chai_graph_text(nodes, extra):
    near = chai_graph(nodes, extra)
    first = starts(near)
    rows = [[nodes, first[-1], 0], *([first[v], len(s)] for v, s in enumerate(near))]
    return lines(rows + [edge for s in near for edge in s])


def chai_costs_text(nodes, extra):
    """Shortest paths from node 0 in the same graph (Dijkstra)."""
    near = chai_graph(nodes, extra)
    cost, queue = {}, [(0, 0)]
    while queue:
        c, v = heapq.heappop(queue)
        if v not in cost:
            cost[v] = c
            for w, step in near[v]:
                heapq.heappush(queue, (c + step, w))
    return lines([[nodes], *([v, cost[v]] for v in range(nodes))])


def edge_list(r, nodes, extra):
    """Both directions of each edge, a line each."""
    return lines([v, w] for v, s in enumerate(graph(r, nodes, extra)) for w in s)


def signed_graph(r, nodes, extra):
    rows = ([v, w, r.choice((1, 1, 1, -1))] for v, s in enumerate(graph(r, nodes, extra)) for w in s if v < w)
    return "source,target,sign\n" + lines(rows, ",")


def circuit(r, inputs, gates):
    """A random and-inverter graph in binary AIGER: the literals of each gate as differences, seven bits a byte."""
    out, body = [], bytearray()
    for i in range(gates):
        this = 2 * (inputs + 1 + i)
        low, high = sorted(2 * v + r.randrange(2) for v in r.sample(range(1, this // 2), 2))
        for step in (this - high, high - low):
            while step > 127:
                body.append(step & 127 | 128)
                step >>= 7
            body.append(step)
        if i >= gates - inputs:
            out.append([this])
    return f"aig {inputs + gates} {inputs} 0 {len(out)} {gates}\n{lines(out)}".encode() + body


# Matrices


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


# Tables


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


# Sequences


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


# Energies of RNA folding, made up but of the right signs, for prna (rna.*.dg) and frna (*.dat)

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


# Simulations


def gas_mesh(cells):
    """cfd: a ring of cells with two neighbours, two faces to the far field, and normals that add up to nothing."""
    rows = [[cells]]
    for i in range(1, cells + 1):
        west, east = (i - 1 or -1), (i + 1 if i < cells else -1)
        rows.append([0.01, east, 0.01, 0.0, 0.0, west, -0.01, 0.0, 0.0, -1, 0.0, 0.01, 0.0, -1, 0.0, -0.01, 0.0])
    return lines(rows)


def lattice_flow(width, height, steps):
    return lines([[width], [height], [steps], [height], [0.1], [0.005], [1.7]])


def walls(width, height):
    return lines([x, y, 1] for y in (0, height - 1) for x in range(width))


def nets(r, count, side):
    """rsmt: the ISPD routing format, one layer of `side` by `side` tiles."""
    out = [f"grid {side} {side} 1", "vertical capacity 10", "horizontal capacity 10", "minimum width 1",
           "minimum spacing 1", "via spacing 1", "0 0 10 10", "", f"num net {count}"]
    for i in range(count):
        pins = r.randint(2, 12 if i else 60)
        out.append(f"n{i} {i} {pins} 1")
        out += [f"{r.randrange(side * 10)} {r.randrange(side * 10)} 1" for _ in range(pins)]
    return "\n".join(out) + "\n"


def sea_floor(columns, rows, west, east, south, north):
    """easyWave: Surfer's text grid, negative below the sea, with a coast in the east."""
    depth = [[-4000 + 3900 * (i / columns) ** 4 + 20 * math.sin(j / 3) for i in range(columns)] for j in range(rows)]
    low, high = min(map(min, depth)), max(map(max, depth))
    return "DSAA\n" + lines([[columns, rows], [west, east], [south, north], [low, high], *depth])


def crystal(side, count, r):
    """henry: the cube's side, a title, the number of atoms, a title, then number, element and place of each."""
    rows = ([i + 1, r.choice(("Zn", "O", "C", "H")), r.random(), r.random(), r.random()] for i in range(count))
    return f"{side} {side} {side}\n90 90 90\n{count} 0\n0 made up\n" + lines(rows)


def k_space(r, samples, voxels):
    """mriQ: both counts, the trajectory, the voxels, and the complex phi."""
    return struct.pack("<2i", samples, voxels) + floats(r, 3 * samples + 3 * voxels + 2 * samples)


def dirty_image(r, size):
    image = [r.gauss(0, 0.01) for _ in range(size * size)]
    for _ in range(4):
        image[r.randrange(size) * size + r.randrange(size)] += r.uniform(1, 4)
    return struct.pack(f"<{size * size}f", *image)


def point_spread(size):
    """hogbom: one in the middle, less around it."""
    middle = size // 2
    values = (math.exp(-((x - middle) ** 2 + (y - middle) ** 2) / 8) for y in range(size) for x in range(size))
    return struct.pack(f"<{size * size}f", *values)


def seismic(r, gathers, traces, samples):
    """cmp: SU, a header of 240 bytes a trace (place, scale, samples, interval), then the samples."""
    out = []
    for cdp, t in itertools.product(range(1, gathers + 1), range(traces)):
        offset = 20 * (t + 1)
        head = bytearray(240)
        struct.pack_into("<i", head, 20, cdp)
        struct.pack_into("<2h", head, 68, 1, 1)
        struct.pack_into("<4i", head, 72, 100 * cdp - offset, 0, 100 * cdp + offset, 0)
        struct.pack_into("<2H", head, 114, samples, 4000)
        out.append(bytes(head) + floats(r, samples))
    return b"".join(out)


def twisters(r, count, raw):
    """mt: the parameters of Mersenne twisters, 16 bytes each, or the 64 of the reference's struct with `raw`."""
    out = []
    for _ in range(count):
        a, b, c = (r.getrandbits(32) for _ in range(3))
        if raw:
            fixed = (9, 19, 31, 32, 0xFFFFFFFF, 0xFFFFFFFE, 1, 12, 18, 7, 15)
            out.append(struct.pack("<16I", a, *fixed, b, c, 0, 0))
        else:
            out.append(struct.pack("<4I", a, b, c, 0))
    return b"".join(out)


def atoms(r, count, types, spread):
    """minibude: place and type of each atom."""
    return b"".join(struct.pack("<3fi", *(r.gauss(0, spread) for _ in range(3)), r.randrange(types))
                    for _ in range(count))


def force_field(r, types):
    rows = ((r.choice((70, 69, 78)), r.uniform(1.2, 2), r.uniform(-1, 1), r.uniform(-0.5, 0.5)) for _ in range(types))
    return b"".join(struct.pack("<i3f", *row) for row in rows)


def poses(r, count):
    return floats(r, 3 * count, 0, 2 * math.pi) + floats(r, 3 * count, -4, 4)


def points(r, count):
    """voxelization: x, y, z, intensity, time."""
    rows = ((r.gauss(0, 15), r.gauss(0, 15), r.uniform(-3, 1), r.random(), 0.0) for _ in range(count))
    return b"".join(struct.pack("<5f", *row) for row in rows)


def repetitive(r, count):
    """Small integers with long runs, for compressors."""
    motifs = [[r.randrange(1000) for _ in range(12)] for _ in range(5)]
    values = list(itertools.islice((v for _ in itertools.count() for v in r.choice(motifs)), count))
    return struct.pack(f"<{count}I", *values)


def smooth_doubles(count):
    return struct.pack(f"<{count}d", *(round(math.sin(i / 50), 3) for i in range(count)))


WATER = "3\nwater\nO 0.0 -0.0757918380989205 0.0\nH 0.866811766181276 0.601435735705694 0.0\n" \
        "H -0.866811766181276 0.601435735705694 0.0\n"

STO_3G = """H 0
S 3 1.00
3.42525091 0.15432897
0.62391373 0.53532814
0.16885540 0.44463454
****
O 0
S 3 1.00
130.7093200 0.15432897
23.8088610 0.53532814
6.4436083 0.44463454
SP 3 1.00
5.0331513 -0.09996723 0.15591627
1.1695961 0.39951283 0.60768372
0.3803890 0.70011547 0.39195739
****
"""

SQUARE_LATTICE = "16 16 1\n1 1 1 0\n1 1 1\n1 4\n0 0 0\n4\n" \
                 "1 0 0 0 -1 0\n-1 0 0 0 -1 0\n0 1 0 0 -1 0\n0 -1 0 0 -1 0\n"

LSQT = "model 1\nanderson_disorder 1.0\ncalculate_vac0\ncalculate_msd\nnumber_of_random_vectors 1\n" \
       "number_of_moments 40\nenergy_max 5.1\n"


# Path of each file -> what it holds; r is the file's own generator of random numbers

FILES = {
    # images
    "urng-sycl/URNG_Input.bmp": lambda r: bmp(64, 64),
    "sobel-sycl/SobelFilter_Input.bmp": lambda r: bmp(64, 64),
    "sad-cuda/coins.bmp": lambda r: bmp(64, 64),
    "sad-cuda/coin.bmp": lambda r: bmp(16, 16, 20, 12),
    "boxfilter-sycl/data/lenaRGB.ppm": lambda r: ppm(128, 128),
    "medianfilter-sycl/data/SierrasRGB.ppm": lambda r: ppm(128, 128),
    "recursiveGaussian-cuda/StoneRGB.ppm": lambda r: ppm(128, 128),
    "seam-carving-cuda/Broadway_tower.jpg": lambda r: ppm(96, 64),
    "bm3d-cuda/noised.ppm": lambda r: ppm(32, 32, r),
    "bm3d-cuda/original.ppm": lambda r: ppm(32, 32),
    "tonemapping-sycl/input.hdr": lambda r: radiance_text(64, 64),
    "ced-cuda/input/peppa/0.txt": lambda r: frame_text(66, 40),
    "ced-cuda/output/peppa/0.txt": lambda r: lines([0] * 66 for _ in range(66)),
    "mnist-cuda/data/train-images.idx3-ubyte": lambda r: mnist_images(r, 8),
    "mnist-cuda/data/train-labels.idx1-ubyte": lambda r: mnist_labels(r, 8),
    "mnist-cuda/data/t10k-images.idx3-ubyte": lambda r: mnist_images(r, 4),
    "mnist-cuda/data/t10k-labels.idx1-ubyte": lambda r: mnist_labels(r, 4),

    # graphs
    "floydwarshall2-cuda/CollegeMsg.egr": lambda r: egr(r, 200, 800, weighted=True),
    "mis-cuda/internet.egr": lambda r: egr(r, 1000, 3000),
    "cc-cuda/delaunay_n24.egr": lambda r: egr(r, 1000, 2000),
    "data/bfs/graph1MW_6.txt": lambda r: rodinia_graph(r, 1000, 2000),
    "sssp-cuda/input/NYR_input.dat": lambda r: chai_graph_text(500, 800),
    "sssp-cuda/output/NYR_bfs.out": lambda r: chai_costs_text(500, 800),
    "lanczos-cuda/data/social-large-800k.txt": lambda r: edge_list(r, 300, 900),
    "graphB+-cuda/graph.csv": lambda r: signed_graph(r, 300, 700),
    "logic-rewrite-cuda/benchmarks/arithmetic/small.aig": lambda r: circuit(r, 16, 400),

    # matrices and tables
    "bicgstab-cuda/TEM27623/TEM27623_M.mtx": lambda r: matrix_market(r, 400, 30, "symmetric"),
    "sptrsv-sycl/lp1.mtx": lambda r: matrix_market(r, 400, 60, "general"),
    "mmcsf-cuda/output.tns": lambda r: tensor(r, (40, 40, 40, 8), 600),
    "bmf-cuda/data/MNIST.in": lambda r: bits(r, 96, 96, 6),
    "svd3x3-cuda/Dataset_1M.txt": lambda r: "1024\n" + table(r, 1024, 9, -1, 1),
    "data/hotspot/temp_512": lambda r: table(r, 64 * 64, 1, 320, 340),
    "data/hotspot/power_512": lambda r: table(r, 64 * 64, 1, 0, 0.01),
    "data/hotspot3D/temp_512x8": lambda r: table(r, 64 * 64 * 8, 1, 320, 340),
    "data/hotspot3D/power_512x8": lambda r: table(r, 64 * 64 * 8, 1, 0, 0.001),
    "data/kmeans/kdd_cup": lambda r: clusters_text(r, 500, 34, 5, head=True, separator=" "),
    "gmm-cuda/data": lambda r: flow_table(r, 320, 24),
    "gibbs-cuda/data.csv": lambda r: poisson_table(r, 1000),
    "kmc-cuda/gisette_scale": lambda r: svm(r, 60, 64),
    "gd-cuda/gisette_scale": lambda r: svm(r, 256, 256),
    "lr-sycl/assets/temperature.txt": lambda r: temperatures(r, 96453),
    "ccs-cuda/Data_Constant_100_1_bicluster.txt": lambda r: genes(r, 60, 30),
    "geodesic-sycl/locations.txt": lambda r: lines([r.uniform(-80, 80), r.uniform(-179, 179)] for _ in range(20000)),
    "geodesic-cuda/locations.txt": lambda r: lines([r.uniform(-80, 80), r.uniform(-179, 179)] for _ in range(20000)),
    "data/b+tree/mil.txt": lambda r: lines([[4000], *([v] for v in r.sample(range(4000), 4000))]),
    "data/b+tree/command.txt": lambda r: b"j 200 100\nk 400\n\0",  # the program looks for the zero byte
    **{f"data/nn/cane4_{i}.db": lambda r: hurricanes(r, 300) for i in range(4)},
    "cm-cuda/queries/signature.sig": lambda r: lines([f"probe{i * 100}_at", r.choice((-1, 1))] for i in range(6)),
    "cm-cuda/reffiles-tab/drug_1uM_MCF7_1.tab": lambda r: profile(r, 22283),
    "cm-cuda/reffiles-tab/drug_1uM_MCF7_2.tab": lambda r: profile(r, 22283),
    "cm-cuda/Results/.keep": lambda r: "",

    # text and sequences
    "ss-sycl/StringSearch_Input.txt": lambda r: " clEnqueueNDRangeKernel ".join(words(r, 200) for _ in range(8)),
    "word2vec-cuda/text8": lambda r: words(r, 3000),
    "grep-cuda/testcases/test.txt": lambda r: "ROMEO\nJULIET\nRRRR\nthis?\n" + words(r, 60).replace(" ", "\n") + "\n",
    "sa-cuda/genome.txt": lambda r: letters(r, 2000),
    "deredundancy-sycl/testData.fasta": lambda r: fasta(r, 60, 120, 200),
    "bsw-cuda/test-data/protein-reference.fasta": lambda r: fasta(r, 12, 90, 120, "ACDEFGHIKLMNPQRSTVWY", 1, 0.1),
    "bsw-cuda/test-data/protein-query.fasta": lambda r: fasta(r, 12, 60, 80, "ACDEFGHIKLMNPQRSTVWY", 1, 0.1),
    "snake-cuda/Datasets/ERR240727_1_E2_30000Pairs.txt": lambda r: read_pairs(r, 256, 100),
    "logan-cuda/inputs/100k.txt": lambda r: seeded_pairs(r, 8, 300, 17),
    "minimap2-sycl/in-1k.txt": lambda r: anchors(r, 4, 200),
    "prna-cuda/HIV1-NL43.seq": lambda r: ";\nmade up\n" + letters(r, 60, "ACGU") + "1\n",
    **rna_tables("prna-cuda/data_tables"),  # found through the variable DATAPATH

    # simulations
    "data/cfd/fvcorr.domn.097K": lambda r: gas_mesh(192),
    "d2q9-bgk-cuda/Inputs/input_256x256.params": lambda r: lattice_flow(128, 16, 1010),
    "d2q9-bgk-cuda/Obstacles/obstacles_256x256.dat": lambda r: walls(128, 16),
    "rsmt-cuda/newblue7.kraftwerk70.3d.80.20.82.m8.gr": lambda r: nets(r, 60, 50),
    "easyWave-omp/data/grids/e2Asean.grd": lambda r: sea_floor(61, 61, 95, 107, -10, 2),
    "henry-cuda/IRMOF-1.cssr": lambda r: crystal(25.832, 4, r),
    "mriQ-cuda/datasets/128x128x128/input/128x128x128.bin": lambda r: k_space(r, 256, 1024),
    "hogbom-cuda/data/dirty_4096.img": lambda r: dirty_image(r, 64),
    "hogbom-cuda/data/psf_4096.img": lambda r: point_spread(64),
    "cmp-cuda/data/simple-synthetic.su": lambda r: seismic(r, 4, 6, 64),
    "mt-cuda/data/MersenneTwister.dat": lambda r: twisters(random.Random("mt"), 4096, raw=False),
    "mt-cuda/data/MersenneTwister.raw": lambda r: twisters(random.Random("mt"), 4096, raw=True),
    "minibude-sycl/data/bm1/ligand.in": lambda r: atoms(r, 8, 8, 2),
    "minibude-sycl/data/bm1/protein.in": lambda r: atoms(r, 40, 8, 8),
    "minibude-sycl/data/bm1/forcefield.in": lambda r: force_field(r, 8),
    "minibude-sycl/data/bm1/poses.in": lambda r: poses(r, 256),
    "minibude-sycl/data/bm1/ref_energies.out": lambda r: lines([1.0] for _ in range(256)),  # nobody's results
    "voxelization-cuda/data/test/0.bin": lambda r: points(r, 2000),
    "lzss-cuda/QCLOUDf48.bin.f32.errctrl.1e-3": lambda r: repetitive(r, 8192),
    "mpc-cuda/msg_sp.trace.out": lambda r: smooth_doubles(8192),
    "xlqc-cuda/example/geom.xyz": lambda r: WATER,
    "xlqc-cuda/example/basis.dat": lambda r: STO_3G,
    "lsqt-cuda/examples/input.txt": lambda r: "examples/square\n",
    "lsqt-cuda/examples/square/para.in": lambda r: LSQT,
    "lsqt-cuda/examples/square/lattice.in": lambda r: SQUARE_LATTICE,
    "lsqt-cuda/examples/square/energy.in": lambda r: lines([[9], *([e * 0.5] for e in range(-4, 5))]),
    "lsqt-cuda/examples/square/time_step.in": lambda r: "3\n1\n1\n1\n",
    "resnet-kernels-cuda/data/input_one_14_1024.bin": lambda r: floats(r, 14 * 14 * 1024),
    "resnet-kernels-cuda/data/weight_one_1024.bin": lambda r: floats(r, 256 * 1024),
    "resnet-kernels-cuda/data/bnBias_myKernel_one_1024.bin": lambda r: floats(r, 1024),
    "resnet-kernels-cuda/data/bnScale_myKernel_one_1024.bin": lambda r: floats(r, 1024),
    "si-cuda/release/out_asc_uniform_1000_1000_100.bin": lambda r: sets(r, 60, 300, descending=False),
    "si-cuda/release/out_desc_uniform_1000_1000_100.bin": lambda r: sets(r, 60, 300, descending=True),
}


def sets(r, count, universe, descending):
    """si: the number of sets, the universe, the elements in all, the size of each set, the elements of each."""
    groups = [sorted(r.sample(range(1, universe + 1), r.randint(5, 80))) for _ in range(count)]
    groups.sort(key=len, reverse=descending)
    flat = [e for g in groups for e in g]
    head = struct.pack("<IIQ", count, universe, len(flat))
    return head + struct.pack(f"<{count + len(flat)}I", *map(len, groups), *flat)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-n", action="store_true", help="only list what would be made")
    parser.add_argument("src", help="HeCBench's folder src")
    parser.add_argument("part", nargs="*", help="only the files whose path contains it")
    args = parser.parse_args()
    if not os.path.isdir(args.src):
        parser.error(f"{args.src} is not a folder")
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
        if path not in made:  # recorded first: a file half written is this script's too
            made.add(path)
            with open(record, "a", encoding="utf-8") as f:
                f.write(path + "\n")
        with open(full, "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
