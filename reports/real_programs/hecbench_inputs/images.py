"""Images: BMP, PPM, and the text formats of single programs."""
import itertools
import math
import struct

from text import lines


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
