#!/usr/bin/env python3
"""ci/real_programs from outside, and its judgement.   vgpu/programs_test/programs_test.py LIBVGPU_CUDART"""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

LIBRARY = os.path.abspath(sys.argv.pop(1))
FOLDER = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(FOLDER))
sys.path.insert(0, os.path.join(TREE, "ci"))
sys.dont_write_bytecode = True

from programs.outcome import judge  # noqa: E402
from programs.sources import Program, find_programs, from_makefile  # noqa: E402


def run(*arguments):
    return subprocess.run([os.path.join(TREE, "ci/real_programs"), *arguments], capture_output=True, text=True, timeout=600)


def alive(pid):
    """A killed child whose parent is gone may stay a zombie until init looks after it."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class Table(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = os.path.join(self.folder, "table.tsv")

    def trial(self, *more, programs=os.path.join(FOLDER, "programs")):
        result = run(programs, "--out", self.out, "--work", self.folder + "/work", "--exec", f"env LD_PRELOAD={LIBRARY}",
                     "--nvcc-flag=--no-compress", *more)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(self.out) as file:
            rows = [line.rstrip("\n").split("\t") for line in file if not line.startswith("#")]
        self.assertEqual(rows[0], ["name", "arguments", "outcome", "seconds", "reason"])
        return {(row[0], row[1]): (row[2], row[4]) for row in rows[1:]}, result.stdout

    def test_outcomes_of_programs_that_pass_fail_are_refused_and_do_not_compile(self):
        rows, _ = self.trial("--cap-last", "1000", "--jobs", "2")
        self.assertEqual(rows[("passes", "512")], ("passed", "512 elements: 0 errors, PASS"))
        self.assertEqual(rows[("wrong", "")], ("wrong", "exit 0: y[0] is 1: mismatch"))
        self.assertEqual(rows[("refused", "")][0], "refused")
        self.assertIn("'frobnicate.u32 ", rows[("refused", "")][1])
        self.assertEqual(rows[("broken", "")], ("not built", "needs the header plumbline_nobody_has_this.h"))
        self.assertEqual(len(rows), 4)

    def test_arguments_of_a_file_replace_the_makefiles_and_resume_runs_only_what_is_missing(self):
        given = os.path.join(self.folder, "arguments")
        with open(given, "w") as file:
            file.write("# name and arguments\npasses 5\n")
        rows, said = self.trial("--only", "^passes$", "--arguments", given)
        self.assertEqual(list(rows), [("passes", "5")])
        with open(given, "a") as file:
            file.write("passes 0\n")
        rows, said = self.trial("--only", "^passes$", "--arguments", given, "--resume")
        self.assertEqual(rows[("passes", "0")], ("wrong", "exit 1: 0 elements: 0 errors, FAIL"))
        self.assertEqual(rows[("passes", "5")][0], "passed")
        self.assertNotIn("passes  5", said)
        rows, said = self.trial("--only", "^passes$", "--arguments", given, "--resume", "--again", "wrong")
        self.assertIn("passes  0", said)
        self.assertEqual(len(rows), 2)
        rows, said = self.trial("--only", "^broken$", "--resume", "--again", "wrong")
        self.assertEqual(len(rows), 3, "a row of a program that was not asked for is gone")

    def test_a_run_that_does_not_end_is_killed_with_its_children(self):
        program = os.path.join(self.folder, "endless")
        os.mkdir(program)
        with open(program + "/endless.cpp", "w") as file:
            file.write('#include <cstdlib>\nint main() { return std::system("echo $$ > child; sleep 600; true"); }\n')
        rows, _ = self.trial("--timeout", "2", programs=program)
        self.assertEqual(rows[("endless", "")], ("timeout", ""))
        with open(program + "/child") as file:
            child = file.read().strip()
        self.assertFalse(alive(child))


class Refusals(unittest.TestCase):
    def test_misuse_gets_one_line_and_64(self):
        for arguments, expected in (
            ([], "required: DIR"),
            (["/nowhere"], "/nowhere is no folder"),
            ([FOLDER, "--jobs", "0"], "'0' is no number above 0"),
            ([FOLDER, "--timeout", "soon"], "'soon' is no number above 0"),
            ([FOLDER, "--only", "("], "--only '('"),
            ([FOLDER, "--only", "no such program", "--exec", "env"], "matches --only"),
            ([FOLDER, "--out", "/nowhere/x.tsv"], "its folder does not exist"),
            ([FOLDER, "--arguments", "/nowhere"], "--arguments /nowhere: No such file"),
            ([FOLDER, "--exec", "no-such-command"], "cannot run 'no-such-command'"),
            ([FOLDER, "--exec", "env", "--gpu", "t4"], "exclude each other"),
            ([FOLDER, "--again", "lost"], "allowed: passed, ran"),
            ([FOLDER, "--toolkit", "/nowhere", "--exec", "env"], "no /nowhere/bin/nvcc"),
        ):
            result = run(*arguments)
            self.assertEqual(result.returncode, 64, arguments)
            self.assertIn(expected, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_a_table_that_is_none_is_not_overwritten(self):
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
            file.write("mine\n")
            file.flush()
            result = run(FOLDER, "--resume", "--exec", "env", "--out", file.name)
            self.assertEqual(result.returncode, 64)
            self.assertIn("'mine' is no row of a table", result.stderr)


class Judgement(unittest.TestCase):
    def outcome(self, status, text, libraries=()):
        return judge(status, text, list(libraries))[0]

    def test_what_programs_print(self):
        for status, text, expected in (
            (0, "", "ran"),
            (0, "time 3 ms\n", "ran"),
            (0, "Test PASSED\n", "passed"),
            (0, "    0.02(%) of bytes mismatched (count=3)\n\nGPU Result matches CPU Result within tolerance...\n", "passed"),
            (0, "    9.00(%) of bytes mismatched (count=900)\n\nGPU Result does not match CPU Result\n", "wrong"),
            (0, "All results match.\n", "passed"),
            (0, "Pass 1 of 3\n", "ran"),
            (0, "finds a password, invalid or not\n", "ran"),
            (0, "errors: 0.5\n", "ran"),
            (0, "errors: 0\n", "passed"),
            (0, "0 errors, 0 mismatches\nOK\n", "passed"),
            (0, "failed: 0\nsuccess\n", "passed"),
            (0, "mismatch rate: 0.5\nOK\n", "wrong"),
            (0, "FAIL\nPASS\n", "wrong"),
            (0, "result is incorrect\n", "wrong"),
            (1, "PASS\n", "wrong"),
            (-11, "PASS\n", "wrong"),
            (1, "Usage: main <n>\n", "refused"),
            (64, "plumbline exec: app: has no PTX\n", "refused"),
            (1, "cannot open data.txt\n", "refused"),
            (0, "Failed to open data.txt\n", "refused"),
            (-6, "what(): data.txt cannot be opened\n", "refused"),
            (1, "Error: Could not stat data.img\n", "refused"),
            (-6, "what():  std::bad_alloc\n", "wrong"),
            (None, "PASS\n", "timeout"),
            (0, "vgpu: cudaGraphCreate is not supported by the virtual GPU\nPASS\n", "refused"),
            (0, "vgpu: kernel k: illegal address 0x0 in block (0,0,0), warp 0\n", "wrong"),
            (0, "k.cu:3: void k(): block: [0,0,0], thread: [1,0,0] Assertion `false` failed.\nfailed as expected: OK\n", "passed"),
            (0, "vgpu: k.cu:3: Assertion `false` failed.\nthe assertion was met: OK\n", "passed"),
            (1, "vgpu: fat binary: its PTX is compressed\n", "refused"),
            (0, "cudaErrorInvalidValue\n", "wrong"),
        ):
            self.assertEqual(self.outcome(status, text), expected, text)

    def test_a_library_that_needs_a_gpu_explains_a_failure(self):
        self.assertEqual(self.outcome(1, "status 1\n", ["libcublas.so.13"]), "refused")
        self.assertEqual(self.outcome(0, "PASS\n", ["libcublas.so.13"]), "passed")

    def test_a_check_that_fails_beside_such_a_library_is_wrong_and_names_it(self):
        self.assertEqual(judge(0, "FAIL\n", ["libcublas.so.13"]), ("wrong", "exit 0: FAIL; uses libcublas.so.13"))


class Sources(unittest.TestCase):
    def test_a_makefile_tells_sources_flags_and_arguments(self):
        program = Program("passes", os.path.join(FOLDER, "programs/passes"))
        from_makefile(program)
        self.assertEqual(program.units, [("nvcc", "passes.cu", ["-DkFactor=2"]), ("g++", "doubled.cpp", [])])
        self.assertEqual(program.runs, [["4096", ">", "/dev/null"]])

    def test_a_cmake_list_tells_several_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("one.cu", "two.cu", "shared.cpp", "unused.cu"):
                open(os.path.join(folder, name), "w").close()
            with open(folder + "/CMakeLists.txt", "w") as file:
                file.write("add_executable(first one.cu shared.cpp)\n# add_executable(no unused.cu)\n"
                           "add_executable(second\n  two.cu shared.cpp)\ntarget_link_libraries(second CUDA::cublas)\n")
            found = list(find_programs(folder, "folder"))
            name = os.path.basename(folder)
            self.assertEqual([p.name for p in found], [name + "/first", name + "/second"])
            self.assertEqual([[u[1] for u in p.units] for p in found], [["one.cu", "shared.cpp"], ["two.cu", "shared.cpp"]])
            self.assertEqual(found[1].libraries, ["-lcublas"])


if __name__ == "__main__":
    unittest.main()
