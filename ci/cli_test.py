#!/usr/bin/env python3
"""The command line from outside: exit codes and one-line messages.   ci/cli_test.py PLUMBLINE"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PROGRAM = sys.argv.pop(1)
CONFIG = "configs/fashion_mlp.yaml"


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300, **options)


class Refusals(unittest.TestCase):
    def refused(self, expected, *arguments, code=64):
        result = run(*arguments)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn(expected, result.stderr)
        self.assertLessEqual(result.stderr.count("\n"), 2, result.stderr)

    def test_help_shows_an_example_and_every_key(self):
        self.assertIn("Example:", run("--help").stdout)
        text = run("train", "--help").stdout
        self.assertIn("optimizer.lr", text)
        self.assertIn("Exit: 0 good", text)

    def test_unknown_subcommand_option_key(self):
        self.refused("", "dance")
        self.refused("--speed", "train", "--config", CONFIG, "--speed")
        self.refused("nearest: 'train.epochs'", "train", "--config", CONFIG, "train.epoch", "1")

    def test_ill_typed_values(self):
        self.refused("need an integer, 1 or more", "train", "--config", CONFIG, "train.epochs", "many")
        self.refused("has no value", "train", "--config", CONFIG, "train.epochs")

    def test_devices(self):
        self.refused("allowed: vgpu:0", "--device", "tpu", "train", "--config", CONFIG)
        self.refused("profile 'x9' is unknown; allowed", "--device", "vgpu:0:x9", "train", "--config", CONFIG)

    @unittest.skipIf(os.path.exists("/dev/nvidia0"), "this machine has a GPU")
    def test_a_gpu_that_is_not_there(self):
        self.refused("CUDA driver", "--device", "cuda:0", "train", "--config", CONFIG)

    def test_missing_files(self):
        self.refused("cannot read none.yaml", "train", "--config", "none.yaml", code=1)
        self.refused("cannot read", "train", "--config", CONFIG, "data.folder", "/nowhere", code=1)
        self.refused("cannot read none.json", "report", "none.json", "-o", "/tmp/x.html", code=1)

    def test_a_file_that_is_no_result(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, text, expected in [("empty", "", ": is empty; allowed: JSON of plumbline train --audit"),
                                         ("cut", '{"verdicts": [', ":1: not JSON, or cut off"),
                                         ("other", '{"a": 1}', ":1: no result that is known; allowed")]:
                path = os.path.join(folder, name)
                with open(path, "w") as file:
                    file.write(text)
                self.refused(path + expected, "report", path, "-o", folder + "/x.html")
            self.assertEqual(sorted(os.listdir(folder)), ["cut", "empty", "other"])

    def test_libtorch_missing_says_how_to_get_it(self):
        environment = dict(os.environ, PLUMBLINE_REFERENCE_PROGRAM="/nowhere/plumbline-reference")
        result = run("train", "--config", CONFIG, "--audit", env=environment)
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot start /nowhere/plumbline-reference", result.stderr)

    def test_memory_budget(self):
        self.refused("of the budget of 1000 bytes are free", "train", "--config", CONFIG, "device.memory_budget", "1000", code=1)

    def test_a_loss_that_is_not_finite_names_the_step(self):
        self.refused("first tensor that is not finite", "train", "--quiet", "--config", CONFIG, "optimizer.lr", "1e30", code=1)


class Runs(unittest.TestCase):
    def test_ctrl_c_leaves_a_checkpoint_that_goes_on_to_the_same_end(self):
        with tempfile.TemporaryDirectory() as folder:
            keys = ["train.checkpoint", folder + "/c", "train.epochs", "1", "data.batch_size", "16", "train.log_every", "20"]
            start = [PROGRAM, "train", "--config", CONFIG, *keys]
            process = subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertIn("step 20 ", process.stderr.readline())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 130)
            self.assertEqual(os.listdir(folder), ["c"])
            resumed = run("train", "--config", CONFIG, "--quiet", "--resume", folder + "/c", *keys)
            whole = run("train", "--config", CONFIG, "--quiet", *keys)
            self.assertEqual(resumed.returncode, 0, resumed.stderr)
            self.assertEqual(resumed.stdout.split(",")[1], whole.stdout.split(",")[1])
            other = run("train", "--config", CONFIG, "--quiet", "--resume", folder + "/c", *keys, "optimizer.lr", "0.5")
            self.assertIn("was made with another configuration: lr: 0.02, here lr: 0.5", other.stderr)

    def test_a_full_disk_leaves_no_half_file(self):
        with tempfile.TemporaryDirectory() as folder:
            shell = f"ulimit -f 100; exec {PROGRAM} train --config {CONFIG} --quiet train.epochs 1 train.checkpoint {folder}/c"
            environment = dict(os.environ, PLUMBLINE_VGPU_CACHE="off")
            result = subprocess.run(["bash", "-c", "trap '' XFSZ; " + shell], capture_output=True, text=True, timeout=300, env=environment)
            self.assertEqual(result.returncode, 1)
            self.assertIn("File too large", result.stderr)
            self.assertEqual(os.listdir(folder), [])

    def test_a_run_of_verify_becomes_a_report(self):
        with tempfile.TemporaryDirectory() as folder:
            verified = run("verify", "--quiet", "--op", "relu", "--dtype", "f32", "--json", folder + "/v.jsonl")
            self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
            reported = run("report", folder + "/v.jsonl", "-o", folder + "/index.html")
            self.assertEqual(reported.returncode, 0, reported.stderr)
            self.assertEqual(sorted(os.listdir(folder)), ["index.html", "junit.xml", "summary.md", "v.jsonl"])
            with open(folder + "/summary.md") as summary:
                self.assertIn("# Plumbline: PASS", summary.read())


REFERENCE = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "plumbline-reference")

# Between us and LibTorch: acts on the case of seed 13, hands everything else on.
STAND_IN = """#!/usr/bin/env python3
import os, signal, subprocess, sys, time
real = subprocess.Popen([%r, *sys.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
for line in sys.stdin:
    if '"seed":13' in line:
        %s
    real.stdin.write(line)
    real.stdin.flush()
    sys.stdout.write(real.stdout.readline()%s)
    sys.stdout.flush()
"""


class VerifyFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def verify(self, *arguments, **variables):
        return run("verify", "--quiet", *arguments, env=dict(os.environ, **variables))

    def live(self, cases):
        path = os.path.join(self.folder, "live.json")
        with open(path, "w") as file:
            file.write(cases if isinstance(cases, str) else json.dumps({"cases": [{"case": c} for c in cases]}))
        return path

    def stand_in(self, act, answer=""):
        path = os.path.join(self.folder, "stand_in")
        with open(path, "w") as file:
            file.write(STAND_IN % (REFERENCE, act, answer))
        os.chmod(path, 0o700)
        return path

    def goldens(self):
        path = os.path.join(self.folder, "ops")
        shutil.copytree("golden/ops", path)
        return path


class Verify(VerifyFolder):
    def test_one_case_passes(self):
        result = self.verify("--case", "relu/forward/f32/n0")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("\n1 case on vgpu:0 in ", result.stdout)

    def test_a_case_that_matches_nothing_names_the_nearest(self):
        for asked in ("linear/forward/f32/n4_in5_out3/exat", "linear/forward/f32/n4_in5_out3/exac*s"):
            result = self.verify("--case", asked)
            self.assertEqual(result.returncode, 4)
            self.assertIn(f"no case matches '{asked}'; nearest: linear/forward/f32/n4_in5_out3/exact, ", result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1)

    def test_the_repro_line_can_be_pasted(self):
        golden = self.goldens()
        with open(golden + "/relu/answers.safetensors", "r+b") as file:
            file.truncate(1000)
        first = self.verify("--op", "relu", PLUMBLINE_GOLDEN=golden)
        self.assertEqual(first.returncode, 2)
        line = re.search("repro (.*)", first.stdout).group(1)
        again = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=300)
        self.assertEqual(again.returncode, 2)
        self.assertIn("not what was recorded", again.stdout)
        self.assertIn(line, again.stdout)
        self.assertIn("1 case on", again.stdout)

    def test_json_and_junit_hold_every_case(self):
        lines, junit = os.path.join(self.folder, "lines"), os.path.join(self.folder, "junit.xml")
        result = self.verify("--op", "sgd", "--json", lines, "--junit", junit)
        self.assertEqual(result.returncode, 0, result.stdout)
        with open(lines) as file:
            header, *cases = [json.loads(line) for line in file]
        self.assertEqual(header["cases"], len(cases))
        self.assertEqual(int(xml.etree.ElementTree.parse(junit).getroot().get("tests")), len(cases))

    def test_null_kernels_are_caught_or_declared(self):
        result = self.verify("--nulls", "--op", "sgd")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        rows = [line.split() for line in result.stdout.splitlines() if line.startswith("sgd ")]
        self.assertEqual(len(rows), 4)
        for op, null, judged, caught, declared, passed in rows:
            self.assertGreater(int(caught), 0, op + " " + null)
            self.assertEqual(int(judged), int(caught) + int(declared))
            self.assertEqual(passed, "0")

    def test_a_bad_live_file_gets_one_line(self):
        one = '{"cases": [{"case": "%s"%s}]}'
        case = "linear/forward/f32/n3_in5_out7"
        for text, expected in (
            ("nothing", "live.json: not JSON"),
            ('{"cases": []}', "'cases' is empty"),
            (one % ("lineer/forward/f32/n1_in1_out1", ""), "nearest: 'linear'"),
            (one % ("linear/forward/fp8/n1_in1_out1", ""), "allowed: f64, f32"),
            (one % ("linear/forward/f32/n-1_in1_out1", ""), "no size as n64"),
            (one % ("linear/forward/f32/n65536_in65536_out1", ""), "at most 2^31 elements"),
            (one % (case, ', "attributes": {"bias": false}'), "field 'attributes' is unknown"),
            (one % (case, ', "inputs": {"x": {"shape": [-3, 5]}}'), "case 1: input 'x' has shape [-3, 5]"),
            (one % (case, '}, {"case": "' + case + '"'), f"case 2: case {case} is there twice"),
        ):
            result = self.verify("--live", self.live(text))
            self.assertEqual(result.returncode, 64, text)
            self.assertIn(expected, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        result = self.verify("--live", "/nowhere.json")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def test_libtorch_that_cannot_be_asked_gets_one_line(self):
        silent = os.path.join(self.folder, "silent")
        with open(silent, "w") as file:
            file.write("#!/bin/sh\nexec sleep 100\n")
        os.chmod(silent, 0o700)
        live = self.live(["relu/forward/f32/n3", "relu/forward/f32/n5"])
        for program, expected in (("/nowhere/it", "cannot start /nowhere/it"), (silent, "no answer within 0.5 s"), ("/bin/false", "it ended")):
            result = self.verify("--live", live, "--timeout", "0.5", PLUMBLINE_REFERENCE_PROGRAM=program)
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertIn(expected, result.stderr)
            self.assertEqual(result.stderr.count("\n"), 1, result.stderr)


@unittest.skipUnless(os.path.exists(REFERENCE), "LibTorch's program is not built")
class VerifyLive(VerifyFolder):
    def test_the_example(self):
        result = self.verify("--live", "golden/live_example.json")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("\n6 cases on ", result.stdout)

    def test_an_id_of_ones_own(self):
        result = self.verify("--case", "linear/backward/f32/n4_in5_out33/normal/seed99")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_another_version_gets_one_line(self):
        with open("ci/requirements-reference.txt") as file:
            pinned = re.search("torch==(.*)", file.read()).group(1)
        program = self.stand_in("pass", f".replace('{pinned}', '1.0.0')")
        result = self.verify("--live", self.live(["relu/forward/f32/n3"]), PLUMBLINE_REFERENCE_PROGRAM=program)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"LibTorch 1.0.0, need {pinned}: run ci/setup", result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)

    def fails_alone(self, program, expected, *arguments):
        cases = ["relu/forward/f32/n300", "relu/forward/f32/n301/seed13", "relu/forward/f32/n302"]
        result = self.verify("--live", self.live(cases), *arguments, PLUMBLINE_REFERENCE_PROGRAM=program)
        self.assertEqual(result.returncode, 2, result.stdout + result.stderr)
        lines = [line for line in result.stdout.splitlines() if line.startswith("UNTESTED")]
        self.assertEqual(lines, [f"UNTESTED {cases[1]}: plumbline-reference: {expected}"])
        self.assertRegex(result.stdout, r"relu +2 +0 +0 +0 +0 +1")

    def test_killed_in_the_middle_of_an_answer(self):
        program = self.stand_in("sys.stdout.write('{\"ok\":true,'); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)")
        self.fails_alone(program, "it ended without an answer: Killed")

    def test_silent_at_one_case(self):
        self.fails_alone(self.stand_in("time.sleep(60)"), "no answer within 3 s", "--timeout", "3")


if __name__ == "__main__":
    unittest.main()
