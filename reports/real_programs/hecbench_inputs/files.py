"""Path of each file under HeCBench/src -> what it holds, given the file's own generator of random numbers."""
import random

from graphs import chai_costs_text, chai_graph_text, circuit, edge_list, egr, rodinia_graph, signed_graph
from images import bmp, frame_text, mnist_images, mnist_labels, ppm, radiance_text
from matrices import bits, matrix_market, tensor
from rna import rna_tables
from sequences import anchors, fasta, letters, read_pairs, seeded_pairs
from simulations import (
    LSQT, SQUARE_LATTICE, STO_3G, WATER, atoms, crystal, dirty_image, force_field, gas_mesh, k_space, lattice_flow, nets,
    point_spread, points, poses, repetitive, sea_floor, seismic, smooth_doubles, twisters, walls)
from tables import clusters_text, flow_table, genes, hurricanes, poisson_table, profile, sets, svm, temperatures
from text import floats, lines, table, words


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
