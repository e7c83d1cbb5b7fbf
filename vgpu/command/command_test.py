#!/usr/bin/env python3
"""plumbline exec and plumbline vgpu from outside.   command_test.py PLUMBLINE [SHARED STATIC CODE]

SHARED, STATIC, CODE: exec_sample.cu with the runtime as a library, linked into it, and without PTX.
"""
import array
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
SAMPLES = {}
for kind in ("shared", "static", "code"):
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        SAMPLES[kind] = sys.argv.pop(1)

SCALE = """.version 8.0
.target sm_80
.address_size 64
.visible .entry scale(.param .f32 factor, .param .u64 x, .param .u32 count)
{
.reg .f32 %f, %v; .reg .b64 %at; .reg .b32 %i, %n, %b, %t; .reg .pred %p;
ld.param.f32 %f, [factor];
ld.param.u64 %at, [x];
ld.param.u32 %n, [count];
mov.u32 %b, %ctaid.x;
mov.u32 %t, %ntid.x;
mov.u32 %i, %tid.x;
mad.lo.u32 %i, %b, %t, %i;
setp.ge.u32 %p, %i, %n;
@%p bra END;
mad.wide.u32 %at, %i, 4, %at;
ld.global.f32 %v, [%at];
mul.f32 %v, %v, %f;
st.global.f32 [%at], %v;
END:
ret;
}
.visible .entry spin(.param .u64 flag)
{
.reg .b64 %at; .reg .b32 %v; .reg .pred %p;
ld.param.u64 %at, [flag];
AGAIN:
ld.volatile.global.u32 %v, [%at];
setp.eq.u32 %p, %v, 0;
@%p bra AGAIN;
ret;
}
.visible .entry wave(.param .u64 x)
{
.reg .f32 %v; .reg .b64 %at; .reg .b32 %i;
ld.param.u64 %at, [x];
mov.u32 %i, %tid.x;
mad.wide.u32 %at, %i, 4, %at;
ld.global.f32 %v, [%at];
sin.approx.f32 %v, %v;
st.global.f32 [%at], %v;
ret;
}
.visible .entry raise() { trap; ret; }
.visible .entry by_value(.param .align 4 .b8 pair[8], .param .u64 out)
{
.reg .b64 %at; .reg .b32 %a, %b;
ld.param.u32 %a, [pair];
ld.param.u32 %b, [pair+4];
ld.param.u64 %at, [out];
sub.u32 %a, %a, %b;
st.global.u32 [%at], %a;
ret;
}
"""

KEEP = """.version 8.0
.target sm_80
.address_size 64
.visible .entry keep(.param .b16 value, .param .u64 out)
{
.reg .b16 %h; .reg .b64 %at;
ld.param.b16 %h, [value];
ld.param.u64 %at, [out];
st.global.b16 [%at], %h;
ret;
}
"""


class Command(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.ptx = self.file("scale.ptx", SCALE)

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def plumbline(self, *arguments, **options):
        variables = options.pop("variables", {})
        environment = {k: v for k, v in os.environ.items() if not k.startswith("LD_")}
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300, env=dict(environment, **variables), **options)

    def one_line(self, code, expected, *arguments, **options):
        result = self.plumbline(*arguments, **options)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(expected, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def kernel(self, name, *arguments):
        return self.plumbline("vgpu", "run", self.ptx, name, *arguments)


class Run(Command):
    SCALE = ("--grid", "2", "--block", "256", "f32:2", "f32[5]:iota=print", "u32:5")

    def refused(self, expected, *arguments, code=64):
        self.one_line(code, expected, "vgpu", "run", *arguments)

    def test_checks_find_what_the_kernel_does_wrong(self):
        words = ("vgpu", "run", self.ptx, "scale", "--grid", "1", "--block", "8", "f32:2", "f32[5]:iota=print", "u32:6")
        result = self.plumbline("--check", "memory", *words)
        self.assertEqual((result.returncode, result.stdout), (2, "argument 2, f32[5]: 0 2 4 6 8\n"), result.stderr)
        self.assertIn("out-of-bounds: read of 4 bytes in global memory", result.stderr)
        self.assertIn("0 bytes past the end of argument 2 (f32[5])", result.stderr)
        self.assertIn("check memory: 2 found", result.stderr)
        good = self.plumbline("--check", "all", *words[:-1], "u32:5")
        self.assertEqual(good.returncode, 0, good.stderr)
        self.one_line(64, "--check is 'x', allowed: memory, init", "--check", "x", *words)

    def test_counters(self):
        result = self.plumbline("vgpu", "run", self.ptx, "scale", *self.SCALE, "--counters", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        counters = json.loads(result.stdout)["counters"]
        self.assertEqual(counters["global_load"], {"requests": 1, "lanes": 5, "bytes": 20, "sectors": 1, "least_sectors": 1})
        self.assertEqual((counters["branches"], counters["divergent_branches"]), (16, 1))
        self.assertEqual(counters["buffers"]["argument 2 (f32[5])"]["distinct_read_bytes"], 20)

    def test_a_kernel_and_its_buffer(self):
        result = self.kernel("scale", *self.SCALE)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout, "argument 2, f32[5]: 0 2 4 6 8\n")
        self.assertIn("2 blocks of 256 threads on vgpu H100 (emulated)", result.stderr)

    def test_ptx_from_stdin(self):
        result = self.plumbline("vgpu", "run", "-", "scale", *self.SCALE, input=SCALE)
        self.assertEqual(result.stdout, "argument 2, f32[5]: 0 2 4 6 8\n", result.stderr)

    def test_files_in_and_out(self):
        numbers = array.array("f", [1.5, -2, 0.25])
        source, target = self.file("in.bin", numbers.tobytes()), os.path.join(self.folder, "out.bin")
        result = self.kernel("scale", "--grid", "1", "--block", "32", "f32:-4", f"f32[]:@{source}={target}", "u32:2")
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(target, "rb") as file:
            self.assertEqual(array.array("f", file.read()).tolist(), [-6, 8, 0.25])

    def test_repetitions_start_from_the_same_inputs(self):
        result = self.kernel("scale", "--repeat", "3", *self.SCALE)
        self.assertEqual(result.stdout, "argument 2, f32[5]: 0 2 4 6 8\n", result.stderr)
        self.assertIn("the median of 3", result.stderr)

    def test_a_parameter_by_value(self):
        result = self.kernel("by_value", "--grid", "1", "--block", "1", "bytes:0700000009000000", "s32[1]:zero=print")
        self.assertEqual(result.stdout, "argument 2, i32[1]: -2\n", result.stderr)

    def test_json(self):
        result = self.kernel("scale", "--json", "--gpu", "a100", "--threads", "1", "--order", "reverse", *self.SCALE)
        found = json.loads(result.stdout)
        self.assertEqual(found["printed"], {"2": [0, 2, 4, 6, 8]})
        self.assertEqual((found["device"], found["kernel"], found["grid"], found["order"]), ("vgpu:0:a100", "scale", [2, 1, 1], "reverse"))
        self.assertIs(found["emulated"], True)

    def test_json_of_values_that_are_no_numbers(self):
        result = self.kernel("scale", "--json", "--grid", "1", "--block", "1", "f32:inf", "f32[2]:one=print", "u32:1")
        self.assertEqual(json.loads(result.stdout)["printed"], {"2": ["inf", 1]})

    def test_every_type_and_its_ends(self):
        for scalar in ("u8:255", "i8:-128", "u16:0xffff", "i16:-32768", "f16:1e-7", "bf16:nan", "i32:-2147483648", "i64:0x8000000000000000", "f64:-inf"):
            result = self.kernel("raise", "--grid", "1", "--block", "1", scalar)
            self.assertIn("1 argument given, raise() needs 0", result.stderr)
        for scalar, expected in (("u8:256", "is no u8"), ("i8:128", "is no i8"), ("u32:-1", "is no u32"), ("f32:x", "is no number"), ("i32:", "is no i32"), ("q7:1", "allowed: u8, u16"), ("5", "need TYPE:VALUE")):
            self.refused(expected, self.ptx, "raise", "--grid", "1", "--block", "1", scalar)

    def test_halves_round_once(self):
        for type_, value, bits in (("f16", "1.00048828125", "15360"), ("f16", "65520", "31744"), ("f16", "5.96e-8", "1"), ("bf16", "1.00390625", "16256"), ("bf16", "3.4e38", "32640")):
            result = self.plumbline("vgpu", "run", "-", "keep", "--grid", "1", "--block", "1", f"{type_}:{value}", "u16[1]:zero=print", input=KEEP)
            self.assertEqual(result.stdout, f"argument 2, u16[1]: {bits}\n", f"{type_}:{value}: {result.stderr}")

    def test_arguments_are_held_to_the_parameters(self):
        launch = ("--grid", "1", "--block", "1")
        self.refused("2 arguments given, scale(f32, u64, u32) needs 3", self.ptx, "scale", *launch, "f32:1", "u64:0")
        self.refused("argument 'f64:1' has 8 bytes, parameter 1 of scale(f32, u64, u32) has 4", self.ptx, "scale", *launch, "f64:1", "u64:0", "u32:0")
        self.refused("has 8 bytes (an address), parameter 3", self.ptx, "scale", *launch, "f32:1", "u64:0", "u32[1]:zero")
        self.refused("fill 'nine', allowed: iota, zero", self.ptx, "scale", *launch, "f32:1", "f32[2]:nine", "u32:0")
        short = self.file("short.bin", b"12345")
        self.refused("has 5 bytes, need 8", self.ptx, "scale", *launch, "f32:1", f"f32[2]:@{short}", "u32:0")
        self.refused("cannot read", self.ptx, "scale", *launch, "f32:1", "f32[2]:@/nowhere", "u32:0", code=1)

    def test_names_and_texts_that_are_wrong(self):
        launch = ("--grid", "1", "--block", "1")
        self.refused("has no kernel 'scal'; nearest: 'scale' of 5 kernels", self.ptx, "scal", *launch)
        self.refused("cannot read /nowhere.ptx", "/nowhere.ptx", "scale", *launch, code=1)
        bad = self.file("bad.ptx", SCALE.replace("mul.f32 %v, %v, %f;", "mul.f32 %v, %v %f;"))
        self.refused("bad.ptx:18: expected", bad, "scale", *launch)
        new = self.file("new.ptx", SCALE.replace("sm_80", "sm_100"))
        self.refused("is for sm_100, vgpu H100 runs up to sm_90", new, "raise", *launch)

    def test_tcgen05_is_refused_with_its_line(self):
        text = SCALE.replace("sm_80", "sm_100").replace("{ trap;", "{\n.reg .b64 %d; .reg .b32 %t, %i; .reg .pred %p;\ntcgen05.mma.cta_group::1.kind::f16 [%t], %d, %d, %i, %p;\n")
        self.refused("tensor.ptx:46: kernel raise: 'tcgen05.mma.cta_group::1.kind::f16 [%t]", self.file("tensor.ptx", text), "raise", "--gpu", "b200", "--grid", "1", "--block", "1")

    def test_settings_of_the_environment_that_are_wrong(self):
        launch = ("vgpu", "run", self.ptx, "spin", "--grid", "1", "--block", "32", "u32[1]:one")
        for name, given, allowed in (
            ("THREADS", "many", "0 (every core) to 4095 threads"),
            ("EFFORT", "most", "adaptive, best, little, medium, full"),
            ("ORDER", "random", "forward, reverse, random:SEED"),
            ("TIMEOUT", "soon", "seconds as 2.5, 0 for none"),
            ("APPROX_NOISE", "-1", "a seed: an integer"),
            ("CHECK", "memory,luck", "memory, init, race, sync, stream, leak, unused, all (the first five), off, with commas between"),
            ("COUNTERS", "yes", "on, off"),
            ("DUMP", "", "a folder that exists"),  # an empty one named the current folder
            ("DUMP", "/nowhere", "a folder that exists"),
        ):
            with self.subTest(name=name, given=given):
                variable = f"PLUMBLINE_VGPU_{name}"
                self.one_line(64, f"{variable} is '{given}', allowed: {allowed}", *launch, variables={variable: given})

    def test_the_code_of_each_translation(self):
        with tempfile.TemporaryDirectory() as folder:
            self.plumbline("vgpu", "run", self.ptx, "scale", *self.SCALE, variables={"PLUMBLINE_VGPU_DUMP": folder, "PLUMBLINE_VGPU_CACHE": "off"})
            names = sorted(os.listdir(folder))
            self.assertEqual([name.split(".", 1)[1] for name in names[:2]], ["ll", "opt.ll"])
            with open(os.path.join(folder, names[1])) as file:
                self.assertIn("define i32 @vgpu_", file.read())

    def test_limits_of_a_launch(self):
        for options, expected in (
            (("--grid", "0", "--block", "1"), "grid allowed: 1 to (2147483647,65535,65535)"),
            (("--grid", "1", "--block", "1025"), "block allowed: 1 to (1024,1024,64)"),
            (("--grid", "1", "--block", "1", "--shared", "300000"), "bytes of shared memory, allowed"),
            (("--grid", "100000", "--block", "1024", "--cooperative"), "a cooperative launch of more than"),
            (("--grid", "1,2,3,4", "--block", "1"), "--grid '1,2,3,4'; need one to three numbers"),
            (("--grid", "1", "--block", "x"), "--block 'x'; need one to three numbers"),
            (("--grid", "1", "--block", "1", "--order", "odd"), "--order is 'odd', allowed: forward"),
            (("--grid", "1", "--block", "1", "--timeout", "-1"), "--timeout is '-1', allowed: seconds"),
            (("--grid", "1", "--block", "1", "--gpu", "v100"), "profile 'v100' is unknown; allowed: t4"),
        ):
            self.refused(expected, self.ptx, "raise", *options)

    def test_memory_that_the_gpu_does_not_have(self):
        self.refused("cudaErrorMemoryAllocation", self.ptx, "spin", "--gpu", "a100", "--grid", "1", "--block", "1", "u8[1099511627776]:zero", code=1)

    def test_faults_of_the_kernel(self):
        launch = ("--grid", "1", "--block", "32")
        self.refused("cudaErrorLaunchFailure: ", self.ptx, "raise", *launch, code=1)
        self.refused("cudaErrorIllegalAddress: ", self.ptx, "scale", *launch, "f32:2", "u64:0", "u32:9", code=1)
        self.refused("wrote beside the buffer of argument 'f32[3]:iota'", self.ptx, "scale", *launch, "f32:2", "f32[3]:iota", "u32:9", code=1)
        self.refused("cudaErrorLaunchTimeout: kernel spin", self.ptx, "spin", *launch, "--timeout", "0.5", "u32[1]:zero", code=1)

    def test_noise_is_repeatable_and_hangs_on_the_seed(self):
        def wave(*options):
            return self.kernel("wave", "--grid", "1", "--block", "256", *options, "f32[256]:random:3=print").stdout

        self.assertNotEqual(wave(), wave("--approx-noise", "1"))
        self.assertEqual(wave("--approx-noise", "1"), wave("--approx-noise", "1", "--threads", "2", "--order", "reverse"))
        self.assertNotEqual(wave("--approx-noise", "1"), wave("--approx-noise", "2"))


class Ops(Command):
    def test_the_state_of_the_census(self):
        found = json.loads(self.plumbline("vgpu", "ops", "--census", "--json").stdout)
        self.assertEqual(found["opcodes"], 645)
        self.assertEqual(sum(found["counts"].values()), 645)
        self.assertGreaterEqual(found["counts"]["covered"], 600)
        for one in found["list"]:
            self.assertEqual(one["state"] == "excluded", "reason" in one, one)

    def test_a_run_of_some(self):
        result = self.plumbline("vgpu", "ops", "--run", "--quiet", "--filter", "^(bar.red.or.pred|trap)$")
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("2 of 2 typed opcodes conformant, 0 excluded, 0 missing, 0 failed", result.stdout)

    def test_filters_that_find_nothing(self):
        self.one_line(64, "matches no typed opcode", "vgpu", "ops", "--filter", "frobnicate")
        self.one_line(64, "is no regular expression", "vgpu", "ops", "--filter", "(")


class Info(Command):
    def test_profiles_host_and_cache(self):
        with tempfile.TemporaryDirectory() as cache:
            self.plumbline("vgpu", "run", self.ptx, "spin", "--grid", "1", "--block", "32", "u32[1]:one", variables={"PLUMBLINE_VGPU_CACHE": cache})
            found = json.loads(self.plumbline("vgpu", "info", "--json", variables={"PLUMBLINE_VGPU_CACHE": cache}).stdout)
            self.assertEqual(found["cache"]["objects"], len(os.listdir(cache)))
            self.assertGreater(found["cache"]["bytes"], 0)
        self.assertEqual([p["id"] for p in found["profiles"]], ["t4", "a100", "h100", "h200", "b200"])
        self.assertEqual(found["profiles"][2]["sms"], 132)
        self.assertTrue(found["host"]["llvm"].startswith("19."))

    def test_as_text(self):
        result = self.plumbline("vgpu", "info", variables={"PLUMBLINE_VGPU_CACHE": "off"})
        self.assertIn("cache      off", result.stdout)
        self.assertIn("compute_capability", result.stdout)

    def test_help_has_examples(self):
        for words in (["exec"], ["vgpu"], ["vgpu", "run"], ["vgpu", "ops"], ["vgpu", "info"]):
            self.assertIn("Example: plumbline " + " ".join(words), self.plumbline(*words, "--help").stdout)


class Refusals(Command):
    def test_what_is_no_program(self):
        self.one_line(64, "cannot find the program /nowhere/app", "exec", "/nowhere/app")
        self.one_line(64, "cannot find the program no_such_program in PATH", "exec", "no_such_program")
        self.one_line(64, "is a folder", "exec", self.folder + "/")
        self.one_line(64, "is not executable: chmod +x", "exec", self.ptx)
        os.chmod(self.ptx, 0o755)
        self.one_line(64, "is neither an ELF program nor a script", "exec", self.ptx)

    def test_another_processor(self):
        with open("/proc/self/exe", "rb") as file:
            elf = bytearray(file.read(4096))
        elf[18:20] = (243).to_bytes(2, "little")
        path = self.file("riscv", bytes(elf))
        os.chmod(path, 0o755)
        self.one_line(64, "is a program for RISC-V, this machine is", "exec", path)

    def test_an_elf_file_that_is_cut_off(self):
        with open(PROGRAM, "rb") as file:
            elf = file.read(4096)
        for length in (5, 40, 64, 100, 500, 4096):
            path = self.file("cut", elf[:length])
            os.chmod(path, 0o755)
            result = self.plumbline("exec", path)
            self.assertIn(result.returncode, (64, 126, -signal.SIGSEGV, -signal.SIGKILL, -signal.SIGBUS, 127), result.stderr)

    def test_usage(self):
        self.assertEqual(self.plumbline("exec").returncode, 64)
        self.assertEqual(self.plumbline("exec", "--speed", "9", "true").returncode, 64)
        self.one_line(64, "profile 'x9' is unknown; allowed: t4", "exec", "--gpu", "x9", "true")
        self.one_line(64, "--order is 'x', allowed: forward", "exec", "--order", "x", "true")


@unittest.skipUnless(SAMPLES, "the samples are not built: no libcudart.so.13")
class Exec(Command):
    def exec(self, *arguments, **options):
        return self.plumbline("exec", *arguments, **options)

    def test_it_runs(self):
        result = self.exec("--", SAMPLES["shared"])
        self.assertEqual(result.stdout, "vgpu H100, 1 devices: sum 5000, no error\n", result.stderr)
        self.assertEqual(result.stderr, "")

    def test_a_check_finds_and_counts(self):
        result = self.exec("--check", "memory", SAMPLES["shared"], "beyond")
        self.assertEqual((result.returncode, result.stdout), (2, "cudaSuccess\n"), result.stderr)
        lines = result.stderr.splitlines()
        self.assertEqual(lines[0], "vgpu: error: out-of-bounds: write of 4 bytes in global memory")
        self.assertIn("st.global", lines[1])
        self.assertEqual(lines[2], "    thread (60,0,0) of block (0,0,0), 0 bytes past the end of allocation 1 (240 bytes, device)")
        self.assertEqual(lines[3:], ["    4 times", "vgpu: check memory: 1 found"])

    def test_a_check_that_finds_nothing(self):
        result = self.exec("--check", "all", SAMPLES["shared"])
        self.assertEqual((result.returncode, result.stderr), (0, "vgpu: check memory,init,race,sync,stream: 0 found\n"))

    def test_leaks_are_told_when_asked_for(self):
        result = self.exec("--check", "leak", SAMPLES["shared"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("vgpu: error: leak: never freed: allocation 1 (20000 bytes, device)", result.stderr)

    def test_errors_that_nobody_asks_for_are_told_at_the_end(self):
        result = self.exec("--check", "stream", SAMPLES["shared"], "unasked")
        self.assertEqual((result.returncode, result.stdout), (2, "done\n"), result.stderr)
        self.assertIn("vgpu: error: unchecked-error: a launch failed with cudaErrorInvalidConfiguration, "
                      "and nothing asked for its error\n    kernel ", result.stderr)
        self.assertEqual(self.exec("--check", "memory", SAMPLES["shared"], "unasked").returncode, 0)

    def test_unused_memory_is_told_when_asked_for(self):
        result = self.exec("--check", "unused", SAMPLES["shared"], "beyond")
        self.assertEqual(result.returncode, 2)
        self.assertIn("vgpu: warning: unused: 0 bytes never written, 240 written and never read, of "
                      "allocation 1 (240 bytes, device)", result.stderr)

    def test_programs_without_cuda_say_nothing(self):
        result = self.exec("--check", "all", "--counters", "sh", "-c", "echo here; exit 3")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (3, "here\n", ""))

    def test_counters_and_the_report(self):
        path = os.path.join(self.folder, "report.json")
        result = self.exec("--counters", "--check", "memory", "--report", path, SAMPLES["shared"], "beyond")
        self.assertIn("x 1\n", result.stderr)
        with open(path) as file:
            report = json.load(file)
        self.assertEqual((report["schema"], report["checks"], report["found"]), (1, "memory", 1))
        self.assertEqual(report["reports"][0]["kind"], "out-of-bounds")
        self.assertEqual(report["reports"][0]["count"], 4)
        counted = report["counters"][0]
        self.assertEqual(counted["global_store"], {"requests": 2, "lanes": 64, "bytes": 256, "sectors": 8, "least_sectors": 8})
        self.assertEqual(counted["block"], [64, 1, 1])

    def test_a_report_that_cannot_be_written(self):
        result = self.exec("--check", "memory", "--report", "/nowhere/report.json", SAMPLES["shared"])
        self.assertIn("cannot write PLUMBLINE_VGPU_REPORT '/nowhere/report.json': No such file or directory", result.stderr)

    def test_wrong_checks(self):
        self.one_line(64, "--check is 'memroy', allowed: memory, init, race, sync, stream, leak", "exec", "--check", "memroy", "true")

    def renamed(self, name):
        """The sample as if it were built with the runtime of another version: its file and its symbols' version."""
        def elf_hash(text):
            value = 0
            for byte in text:
                value = (value << 4) + byte
                value = (value ^ ((value & 0xF0000000) >> 24)) & 0x0FFFFFFF
            return value.to_bytes(4, "little")

        with open(SAMPLES["shared"], "rb") as file:
            elf = file.read()
        old = b"libcudart.so.13"
        self.assertEqual((elf.count(elf_hash(old)), len(name)), (1, len(old)))
        path = self.file("renamed", elf.replace(old, name).replace(elf_hash(old), elf_hash(name)))
        os.chmod(path, 0o755)
        return path

    def test_it_runs_where_no_runtime_is_installed(self):
        program = self.renamed(b"libcudart.so.12")
        alone = subprocess.run([program], capture_output=True, text=True)
        if "cannot open shared object file" not in alone.stderr:
            self.skipTest("this machine has a libcudart.so.12")
        result = self.exec(program)
        self.assertEqual((result.stdout, result.stderr), ("vgpu H100, 1 devices: sum 5000, no error\n", ""))

    def test_libraries_that_are_not_there_are_a_hint(self):
        result = self.exec(self.renamed(b"libcublas.so.xy"))
        self.assertIn("needs libcublas.so.xy, which the loader does not find", result.stderr)

    def test_the_gpu_and_how_many(self):
        result = self.exec("--gpu", "a100", "--devices", "3", "--threads", "1", "--order", "random:5", SAMPLES["shared"], "sum")
        self.assertEqual(result.stdout, "vgpu A100, 3 devices: sum 5000, no error\n", result.stderr)

    def test_exit_status_and_signals_are_the_programs(self):
        self.assertEqual(self.exec(SAMPLES["shared"], "exit", "7").returncode, 7)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([PROGRAM, "exec", "--", SAMPLES["shared"], "wait"], stdout=subprocess.PIPE, text=True)
            self.assertEqual(process.stdout.readline(), "ready\n")
            process.send_signal(number)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, -number)

    def test_arguments_behind_the_program_are_the_programs(self):
        self.assertEqual(self.exec("sh", "-c", "exit 9").returncode, 9)
        self.assertEqual(self.exec("--", "echo", "--gpu", "--help").stdout, "--gpu --help\n")
        self.assertEqual(self.exec("echo", "--", "train").stdout, "-- train\n")

    def test_a_script(self):
        path = self.file("script", f"#!/bin/sh\nexec {SAMPLES['shared']}\n")
        os.chmod(path, 0o755)
        self.assertEqual(self.exec(path).stdout, "vgpu H100, 1 devices: sum 5000, no error\n")

    def test_a_kernel_that_does_not_end(self):
        result = self.exec("--timeout", "0.5", SAMPLES["shared"], "spin")
        self.assertEqual(result.stdout, "cudaErrorLaunchTimeout\n", result.stderr)

    def test_preloads_that_are_there_stay(self):
        result = self.exec("sh", "-c", "echo $LD_PRELOAD $PLUMBLINE_DEVICE", variables={"PLUMBLINE_DEVICE": "vgpu:0:t4", "LD_PRELOAD": "/lib/none.so"})
        self.assertRegex(result.stdout, r"^/.*/libvgpu_cudart.so:/lib/none.so vgpu:0:t4\n$")

    def test_programs_built_otherwise(self):
        self.one_line(64, "has the CUDA runtime linked into it: build it with nvcc -cudart shared", "exec", SAMPLES["static"])
        self.one_line(64, "holds machine code alone (sm_90) and no PTX: build it with nvcc -gencode", "exec", SAMPLES["code"])


if __name__ == "__main__":
    unittest.main()
