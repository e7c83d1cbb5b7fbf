"""Compiles and links a program with the wheels' nvcc against the shared CUDA runtime."""
import glob
import hashlib
import os
import re
import subprocess

from programs.process import run_group, short, stop, text_of
from programs.sources import SOURCES

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

RELOCATABLE = re.compile(r"-dc|--?(rdc|relocatable-device-code)=true")
HEADERS = (".h", ".cuh", ".hpp")
LEFT_OUT = ("LIBRARY_PATH", "CUDA_HOME", "CUDA_PATH", "CPATH", "NVCC_APPEND_FLAGS")


class Builder:
    def __init__(self, options):
        self.options = options
        found = glob.glob(os.path.join(TREE, ".venv/lib/python3*/site-packages/nvidia/cu13"))
        self.toolkit = options.toolkit or (found[0] if found else "")
        self.nvcc = os.path.join(self.toolkit, "bin/nvcc")
        self.lib = os.path.join(self.toolkit, "lib")
        if not os.path.exists(self.nvcc):
            stop(f"no {self.nvcc or '.venv'}: run ci/setup or give --toolkit FOLDER")

    def find_library(self, word):
        """-lNAME as a file of the toolkit, whose libraries have no plain names; host libraries as they are."""
        if re.fullmatch("-l(cudart|cudart_static|cuda)", word):
            return []
        own = [f for end in (".so*", ".a") for f in sorted(glob.glob(os.path.join(self.lib, f"lib{word[2:]}{end}")))]
        return [own[0]] if word.startswith("-l") and own else [word]

    def compile_command(self, unit, target, relocatable):
        tool, source, flags = unit
        flags = [f for f in flags if not RELOCATABLE.fullmatch(f)]
        includes = [flag for folder in self.options.include for flag in ("-I", os.path.abspath(folder))]
        if tool == "nvcc":
            if not any("std=" in f for f in flags):
                flags = flags + ["-std=c++17"]
            command = [self.nvcc, "-c", "-O3", "-w", f"-arch={self.options.arch}", *self.options.nvcc_flag]
            flags = [x for f in flags for x in (("-Xcompiler", f) if re.match("-[fm](?!mad|tz)", f) else (f,))]
            flags = [f for i, f in enumerate(flags) if not (f == "-Xcompiler" and flags[i + 1] == "-Xcompiler")]
            command += ["-rdc=true"] if relocatable else []
        else:
            command = [tool, "-c", "-O2", "-w", "-I" + os.path.join(self.toolkit, "include")]
        flags = [f for f in flags if not re.fullmatch(r"-O\d", f)]
        return [*command, *flags, *includes, source, "-o", target]

    def commands(self, program, work):
        flags = [f for unit in program.units for f in unit[2]]
        cuda = [unit for unit in program.units if unit[1].endswith(".cu")]
        relocatable = len(cuda) > 1 and any(RELOCATABLE.fullmatch(f) for f in flags)
        objects, commands = [], []
        for index, unit in enumerate(program.units):
            objects.append(os.path.join(work, f"{index}.o"))
            commands.append(self.compile_command(unit, objects[-1], relocatable))
        if relocatable:
            linked = os.path.join(work, "device_link.o")
            commands.append([self.nvcc, "-dlink", f"-arch={self.options.arch}", *objects, "-o", linked])
            objects += [linked, *glob.glob(os.path.join(self.lib, "libcudadevrt.a"))]
        words = dict.fromkeys(program.libraries + [f"-l{name}" for name in self.options.more_libraries])
        libraries = [x for word in words for x in self.find_library(word)]
        openmp = ["-fopenmp"] if any("fopenmp" in f for f in flags + libraries) else []
        commands.append(["g++", *objects, "-o", os.path.join(work, "program"), "-Wl,--as-needed", *libraries, *openmp,
                         *glob.glob(os.path.join(self.lib, "libcudart.so.*")), f"-Wl,-rpath,{self.lib}",
                         "-lpthread", "-ldl", "-lrt", "-lm"])
        return commands

    def build(self, program, work):
        """Returns "" or why it was not built. A binary of the same commands and no older than the sources is kept."""
        if program.trouble or not program.units:
            return program.trouble or "no source was found"
        commands = self.commands(program, work)
        key = hashlib.sha256(repr(commands).encode()).hexdigest()
        binary, stamp = os.path.join(work, "program"), os.path.join(work, "key")
        files = [f for f in glob.glob(glob.escape(program.folder) + "/*") if f.endswith(HEADERS + SOURCES)]
        newest = max(map(os.path.getmtime, files), default=0)
        if os.path.exists(stamp) and text_of(stamp).startswith(key) and os.path.getmtime(stamp) > newest:
            return text_of(stamp)[len(key):]
        reason = ""
        environment = {k: v for k, v in os.environ.items() if k not in LEFT_OUT}
        for command in commands:
            log = os.path.join(work, "build.log")
            status = run_group(["nice", "-n", "10", *command], program.folder, self.options.build_timeout, log,
                               environment=environment)
            if status is None:
                return f"the compiler took more than {self.options.build_timeout} s"
            if status != 0:
                reason = build_reason(text_of(log))
                break
        for file in glob.glob(os.path.join(work, "*.o")):
            os.remove(file)
        with open(stamp, "w") as file:
            file.write(key + reason)
        return reason


def build_reason(text):
    for pattern, form in ((r"fatal error: (\S+?): No such file", "needs the header {}"), (r"cannot find -l(\S+?):?\s", "needs lib{}"),
                          (r"undefined reference to `([^']+)'", "undefined reference to {}")):
        match = re.search(pattern, text)
        if match:
            return form.format(match.group(1))
    lines = [line for line in text.splitlines() if re.search(r"\berror\b|fatal", line, re.IGNORECASE)] or text.splitlines()
    return short(lines[0]) if lines else "the compiler said nothing"


GPU_LIBRARY = re.compile(r"lib(cu(blas|rand|fft|sparse|solver|dnn|tensor)|npp|nvjpeg|nvrtc|nccl)")


def gpu_libraries(binary, folder):
    """Libraries of NVIDIA's, other than the runtime, that the binary needs: of the toolkit, or of another on this machine."""
    result = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True)
    needed = re.findall(r"NEEDED.*\[(.*)\]", result.stdout)
    return [name for name in needed if GPU_LIBRARY.match(name) or
            ("cudart" not in name and os.path.exists(os.path.join(folder, name)))]
