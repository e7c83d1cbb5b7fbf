"""What a folder holds: its programs, their sources and flags, and how its Makefile runs them."""
import glob
import os
import re
import shlex
import subprocess

SOURCES = (".cu", ".cpp", ".cc", ".cxx", ".c")
COMPILERS = ("nvcc", "g++", "gcc", "c++", "cc", "clang++", "clang")

# Flags of a program's own build that change what is compiled; the others are warnings, architectures, paths of a toolkit.
KEPT = re.compile(r"-[DU].+|-(-)?std=.+|-(-)?use_fast_math|-(-)?(extended|expt)-.+|-(-)?fmad=.+|-(-)?default-stream=.+|"
                  r"-(-)?ftz=.+|-(-)?prec-.+|-f(openmp|permissive|PIC|no-.+)|-m(avx.*|fma|sse.*|arch=.+|bmi.*)|-O\d|-dc|-rdc=true|"
                  r"-(-)?relocatable-device-code=true|-include.*")


class Program:
    """What is compiled and linked into one binary, and the lines that run it."""

    def __init__(self, name, folder):
        self.name, self.folder = name, folder
        self.units, self.libraries, self.runs = [], [], []  # units: (compiler, source, flags)
        self.trouble = ""


def make_lines(folder):
    result = subprocess.run(["make", "-nB", "--no-print-directory", "run", "LAUNCHER="], cwd=folder, capture_output=True,
                            text=True, timeout=60, errors="replace", stdin=subprocess.DEVNULL)
    if result.returncode:
        result = subprocess.run(["make", "-nB", "--no-print-directory"], cwd=folder, capture_output=True, text=True, timeout=60,
                                errors="replace", stdin=subprocess.DEVNULL)
    for line in result.stdout.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|;|\|\|", line):
            try:
                words = shlex.split(command)
            except ValueError:
                continue
            if words:
                yield words


def kept_flags(words):
    flags, i = [], 0
    while i < len(words):
        word = words[i]
        following = words[i + 1] if i + 1 < len(words) else ""
        if word in ("-D", "-I", "-isystem", "-include", "-U", "-default-stream", "--default-stream"):
            flags += [word, following]
            i += 1
        elif word in ("-Xcompiler", "--compiler-options") or word.startswith(("-Xcompiler=", "--compiler-options=")):
            value = word.split("=", 1)[1] if "=" in word else following
            i += "=" not in word
            for flag in re.split("[, ]", value):
                if KEPT.fullmatch(flag) and not flag.startswith("-O"):
                    flags += ["-Xcompiler", flag]
        elif re.match("-I.", word) or KEPT.fullmatch(word):
            flags.append(word)
        i += 1
    return flags


def from_makefile(program):
    output = ""
    for words in make_lines(program.folder):
        while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in ("time", "env")):
            words = words[1:]
        tool = os.path.basename(words[0]) if words else ""
        if tool in COMPILERS:
            sources = [w for w in words[1:] if w.endswith(SOURCES) and not w.startswith("-")]
            program.units += [(tool, source, kept_flags(words[1:])) for source in sources]
            program.libraries += [w for w in words[1:] if re.match("-l.", w)]
            if "-c" not in words and "-dc" not in words and "-o" in words:
                output = words[words.index("-o") + 1]
        elif output and words and os.path.normpath(words[0]) == os.path.normpath(output):
            program.runs.append(words[1:])


def from_cmake(folder, name):
    """One program for each add_executable that lists its sources."""
    with open(os.path.join(folder, "CMakeLists.txt"), errors="replace") as file:
        text = re.sub(r"#.*", "", file.read())
    listed = [(target, [s for s in words.split() if s.endswith(SOURCES) and os.path.exists(os.path.join(folder, s))])
              for target, words in re.findall(r"add_executable\(\s*(\S+)\s+([^)]*)\)", text)]
    listed = [(target, sources) for target, sources in listed if sources]
    for target, sources in listed:
        program = Program(name if len(listed) == 1 else f"{name}/{target}", folder)
        program.units = [("nvcc", source, ["--extended-lambda"] if "extended-lambda" in text else []) for source in sources]
        program.libraries = [f"-l{library}" for library in re.findall(r"CUDA::(\w+)", text)] + ["-fopenmp"] * ("OpenMP" in text)
        yield program


def in_folder(folder, name):
    """The programs of one folder: what its Makefile builds, what its CMakeLists.txt lists, or all its sources as one."""
    program = Program(name, folder)
    if os.path.exists(os.path.join(folder, "Makefile")):
        try:
            from_makefile(program)
        except (OSError, subprocess.TimeoutExpired) as error:
            program.trouble = f"make -n: {error}"
    if not program.units and os.path.exists(os.path.join(folder, "CMakeLists.txt")):
        listed = list(from_cmake(folder, name))
        if listed:
            return listed
    found = sorted(f for f in os.listdir(folder) if f.endswith(SOURCES))
    program.units = program.units or [("nvcc", source, []) for source in found]
    return [program] if program.units or program.trouble else []


def find_programs(root, each, name=""):
    """Programs of `root` and, where it is none itself, of the folders below; named by their path from there."""
    if each == "file":
        for source in sorted(glob.glob(os.path.join(glob.escape(root), "*.cu"))):
            program = Program(os.path.basename(source)[:-3], root)
            program.units = [("nvcc", os.path.basename(source), [])]
            yield program
        return
    found = in_folder(root, name or os.path.basename(root))
    yield from found
    if not found:
        for entry in sorted(os.listdir(root)):
            if os.path.isdir(os.path.join(root, entry)) and not entry.startswith("."):
                yield from find_programs(os.path.join(root, entry), each, os.path.join(name, entry))
