"""Graphs and circuits."""
import heapq
import itertools
import random
import struct

from text import lines


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
