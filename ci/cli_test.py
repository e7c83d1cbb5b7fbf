#!/usr/bin/env python3
"""The command line from outside: exit codes and one-line messages.   ci/cli_test.py PLUMBLINE"""
import os
import signal
import subprocess
import sys
import tempfile
import unittest

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


if __name__ == "__main__":
    unittest.main()
