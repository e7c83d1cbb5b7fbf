"""Grids, particles, signals, molecules, and the settings of simulations."""
import itertools
import math
import struct

from text import floats, lines


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
