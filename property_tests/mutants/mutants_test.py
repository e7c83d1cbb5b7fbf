#!/usr/bin/env python3
"""The mutants' own tools from outside.   mutants_test.py PLUMB_MUTANTS LIBRARIES

LIBRARIES holds relu/{control,drops_nan,faulty}.so. Each test makes folders of lists and libraries of its own out of them.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM, LIBRARIES = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
HERE = pathlib.Path(__file__).resolve().parent


def mutant(name, **fields):
    return {"name": name, "kind": "operator", "file": "a.cuh", "from": "x < 0", "to": "x <= 0", "what": "a bug", **fields}


class Hunts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "relu").mkdir()
        self.names = []
        self.json = self.root / "out.json"

    def have(self, **libraries):
        """Mutants of relu by name; each is the library of the given name, "" for none."""
        for name, library in libraries.items():
            if name != "control":
                self.names.append(name)
            if library:
                (self.root / "relu" / f"{name}.so").symlink_to(LIBRARIES / "relu" / f"{library}.so")
        (self.root / "relu.json").write_text(json.dumps([mutant(name) for name in self.names]))

    def hunt(self, *arguments, fault="crash"):
        return subprocess.run(
            [PROGRAM, "--op", "relu", "--lists", self.root, "--libraries", self.root, "--json", self.json, *arguments],
            capture_output=True, text=True, timeout=300, env=dict(os.environ, PLUMB_FAULT=fault))

    def found(self):
        return json.loads(self.json.read_text())["ops"]["relu"]

    def killer(self, name):
        return next(entry["killed_by"] for entry in self.found()["mutants"] if entry["name"] == name)

    def test_a_bug_is_killed_by_a_case_and_the_unchanged_op_is_not(self):
        self.have(control="control", bug="drops_nan")
        result = self.hunt()
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertRegex(result.stdout, "killed +relu/bug .* case relu/forward/f32/")
        self.assertRegex(result.stdout, "control +relu/control .* checks passed")
        self.assertIn("special", self.killer("bug")["case"])
        self.assertEqual((self.found()["killed"], self.found()["total"]), (1, 1))

    def test_elementwise_kernels_load_16_bytes_at_once(self):
        """A load of 16 bytes from a misaligned input is a fault; nvcc may take it apart into loads of elements, which is none."""
        self.have(packs="misaligned_packs")
        result = self.hunt("--mutant", "packs", "--jobs", "1")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("/misaligned", self.killer("packs")["case"])

    def test_all_names_the_properties_too_with_their_smallest_case(self):
        self.have(control="control", bug="drops_nan")
        result = self.hunt("--mutant", "bug", "--all")
        self.assertRegex(result.stdout, "forward_keeps_the_bits_of_what_is_not_below_zero: .*smallest case: relu/forward/")

    def test_a_survivor_is_a_failure(self):
        self.have(control="control", bug="drops_nan", survivor="control")
        result = self.hunt("--jobs", "1")
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stdout, "SURVIVED +relu/survivor")
        self.assertIn("below 95 %", result.stdout)
        self.assertIsNone(self.killer("survivor"))
        self.assertEqual((self.found()["killed"], self.found()["total"]), (1, 2))

    def test_a_control_that_is_killed_is_a_failure(self):
        self.have(control="drops_nan", bug="drops_nan")
        result = self.hunt()
        self.assertEqual(result.returncode, 2)
        self.assertIn("relu/control is the op without a change, and relu/forward/f32/", result.stdout)

    def test_a_crash_kills_and_the_next_mutant_is_tried_all_the_same(self):
        self.have(crash="faulty", survivor="control")
        result = self.hunt("--mutant", "crash", "--mutant", "survivor", "--jobs", "1")
        self.assertRegex(result.stdout, "killed +relu/crash .* crash relu/")
        self.assertRegex(self.killer("crash")["crash"], "relu/.*: it ended without an answer: Aborted")
        self.assertIsNone(self.killer("survivor"))

    def test_a_hang_kills(self):
        self.have(hang="faulty")
        result = self.hunt("--mutant", "hang", "--timeout", "0.5", fault="hang")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, "killed +relu/hang .* hang relu/")
        self.assertIn("no answer within 0.5 s", self.killer("hang")["crash"])

    def refused(self, text, *arguments, code):
        result = self.hunt(*arguments)
        self.assertEqual(result.returncode, code)
        self.assertIn(text, result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        self.assertFalse(self.json.exists())

    def test_a_library_that_is_missing_or_none(self):
        self.have(missing="", text="")
        self.refused("relu/missing: ", "--mutant", "missing", code=1)
        (self.root / "relu" / "text.so").write_text("no library")
        self.refused("relu/text: ", "--mutant", "text", code=1)

    def test_names_that_do_not_exist(self):
        self.have(bug="drops_nan")
        self.refused("mutant 'bugs' is unknown; nearest: 'bug'", "--mutant", "bugs", code=64)
        self.refused("op 'rely' is unknown; nearest: 'relu'", "--op", "rely", code=64)

    def test_a_list_that_is_none(self):
        (self.root / "relu.json").write_text("[{")
        self.refused("relu.json: ", code=1)


class Copies(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "a.cuh").write_text("y = x < 0 ? 0 : x;  // twice twice\n")

    def mutate(self, entries):
        path = self.root / "relu.json"
        path.write_text(entries if isinstance(entries, str) else json.dumps(entries))
        return subprocess.run([sys.executable, HERE / "mutate.py", path, self.root, self.root / "out"],
                              capture_output=True, text=True, timeout=60)

    def test_the_text_is_replaced_in_the_copy_alone(self):
        self.assertEqual(self.mutate([mutant("bug"), mutant("other", to="x > 0")]).returncode, 0)
        self.assertEqual((self.root / "out" / "bug" / "a.cuh").read_text(), "y = x <= 0 ? 0 : x;  // twice twice\n")
        self.assertEqual((self.root / "out" / "other" / "a.cuh").read_text(), "y = x > 0 ? 0 : x;  // twice twice\n")
        self.assertIn("x < 0", (self.root / "a.cuh").read_text())

    def test_a_copy_that_is_the_same_is_left_alone(self):
        copy = self.root / "out" / "bug" / "a.cuh"
        self.mutate([mutant("bug")])
        os.utime(copy, (1, 1))
        self.mutate([mutant("bug")])
        self.assertEqual(copy.stat().st_mtime, 1)

    def test_refusals(self):
        for text, entries in {
            "mutant 1, 'bug': it replaces 'z < 0': 0 places in a.cuh, need one": [mutant("bug", **{"from": "z < 0"})],
            "2 places in a.cuh, need one": [mutant("bug", **{"from": "twice"})],
            "changes nothing": [mutant("bug", to="x < 0")],
            "mutant 2, 'bug': there are two of this name": [mutant("bug"), mutant("bug")],
            "of kind 'odd'; allowed: ": [mutant("bug", kind="odd")],
            "unknown field 'why'": [mutant("bug", why="")],
            "has no text 'what'": [mutant("bug", what=7)],
            "neither impl/ops/relu.cu nor a header": [mutant("bug", file="impl/core/tensor.cpp")],
            "No such file": [mutant("bug", file="none.cuh")],
            "relu.json: Expecting": "[{",
        }.items():
            with self.subTest(text):
                result = self.mutate(entries)
                self.assertEqual(result.returncode, 1)
                self.assertIn(text, result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
                self.assertFalse((self.root / "out").exists())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
