"""Summaries, tables and JSON of the benchmarks, and the command line."""

import argparse
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import __main__ as program
from benchmarks import report
from benchmarks.cases import export, training
from benchmarks.cases.causal import WAYS
from benchmarks.networks import NETWORKS, WITH_PEER, Network
from benchmarks.summaries import paired_ratio, significant, spread
from tfgen.errors import ConfigError


def test_a_ratio_is_the_median_over_pairs_and_not_the_ratio_of_medians():
    # The machine is ten times slower in the second turn. Every pair has the ratio 2.
    assert paired_ratio([2.0, 20.0, 4.0], [1.0, 10.0, 2.0]) == {"median": 2.0, "min": 2.0, "max": 2.0}
    assert paired_ratio([1.0, 2.0, 9.0], [1.0, 4.0, 3.0]) == {"median": 1.0, "min": 0.5, "max": 3.0}


@pytest.mark.parametrize(
    ("arguments", "missing"), [(["sampling", "--peer", "torch"], "torch"), (["latency"], "ai_edge_litert")]
)
def test_a_missing_package_is_named_before_anything_starts(arguments, missing, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stopped:
        program.main(arguments)
    assert stopped.value.code == 2
    message = capsys.readouterr().err
    assert "expected the packages of: pip install" in message and f"Received: {missing}" in message


def test_a_folder_without_exports_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"expected a folder with saved_model/ or tflite/\. Received: "):
        export.measure(tmp_path, 1, 1)


def test_significant_digits():
    assert significant(0.0123456) == 0.0123
    assert significant(123456.7) == 123457
    assert spread([1.23456, 3.0, 2.0]) == {"median": 2.0, "min": 1.23, "max": 3.0}


def test_json_has_every_measure_of_the_table_and_the_machine(tmp_path, capsys):
    results = {"one": {"images/s": spread([1.0, 2.0, 3.0]), "batch": 128}, "two": {"batch": 64, "XLA": "on"}}
    file = tmp_path / "results.json"
    report.show("training", results, file)
    found = json.loads(file.read_text())
    assert found["results"] == results
    assert found["case"] == "training"
    assert found["machine"]["cores"] >= 1 and "tensorflow" in found["machine"]["packages"]
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["one", "two"]
    assert [line.split("  ")[0] for line in table[1:]] == ["images/s", "batch", "XLA"]
    assert "2 (1 to 3)" in table[1] and table[1].endswith("–")


def test_networks_survive_the_command_line_of_a_process():
    for network in NETWORKS.values():
        assert Network.from_json(network.to_json()) == network
    network = Network("vae", "tutorial", {"hidden": (8, 4)})
    assert Network.from_json(network.to_json()).config.architecture.hidden == (8, 4)
    assert set(WITH_PEER) < set(NETWORKS)


def test_every_case_has_its_options(capsys):
    for name in program.CASES:
        with pytest.raises(SystemExit) as ended:
            program.main([name, "--help"])
        assert ended.value.code == 0
        assert "--json FILE" in capsys.readouterr().out


def test_parts_of_a_step_are_differences_and_fractions_compare_with_the_ceiling():
    facts = {
        "weights": 10,
        "batch size": 100,
        "xla": True,
        "operations an image": 1e6,
        "bytes written an image": 2e6,
        "ceilings": {"product": 4e8, "convolution": 2e8, "copy": 8e8},
    }
    seconds = {"step": [1.0], "data": [0.1], "noise": [0.15], "forward": [0.3], "gradients": [0.8], "other step": [2.0]}
    seconds |= {"product": [1.0], "convolution": [1.0], "copy": [1.0]}
    found = training.step_measures(facts, seconds, first=3.0)
    assert [found[f"{part}, ms"] for part in ("data", "noise", "forward", "backward")] == [100, 50, 200, 500]
    assert found["optimizer, ms"] == 200
    assert found["images/s"]["median"] == 100 and found["images/s without XLA"]["median"] == 50
    # 100 images/s of 1e6 operations are 1e8, of 2e6 bytes written and read 4e8.
    assert found["fraction of product"]["median"] == 0.25
    assert found["fraction of convolution"]["median"] == 0.5
    assert found["fraction of copy"]["median"] == 0.5


def test_the_step_alone_has_no_parts():
    facts = {"weights": 1, "batch size": 2, "xla": False, "operations an image": 1, "bytes written an image": 1}
    found = training.step_measures(facts, {"step": [0.5, 0.5], "products": [0.25, 0.2]}, first=1.0)
    assert found["images/s"]["median"] == 4
    assert found["images/s in bfloat16"]["median"] == 9
    assert found["times float32"]["median"] == 2.25
    assert not any("fraction" in name or ", ms" in name for name in found)


def test_options_of_training():
    parser = argparse.ArgumentParser()
    training.add_arguments(parser)
    assert parser.parse_args([]).networks == list(WITH_PEER)


def test_the_ways_to_compute_a_causal_convolution_agree():
    generator = np.random.default_rng(0)
    images, kernel = generator.normal(size=(2, 6, 8, 3)), generator.normal(size=(2, 4, 3, 5))
    expected, *others = (way(tf.constant(images), tf.constant(kernel)).numpy() for way in WAYS.values())
    for other in others:
        np.testing.assert_allclose(other, expected, atol=1e-12)
