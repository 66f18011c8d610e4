"""The state of a run follows from its files."""

from tfgen.config.presets import run_config
from tfgen.runs.run import Run


def test_the_state_of_a_run(tmp_path):
    run = Run.create(tmp_path, run_config("gan", epochs=2))
    assert (run.state, run.epoch) == ("unfinished", None)
    run.add_metrics({"epoch": 1})
    assert (run.state, run.epoch) == ("unfinished", 1)
    run.add_metrics({"epoch": 2})
    assert (run.state, run.epoch) == ("finished", 2)
    run.divergence_file.write_text("{}")
    assert run.state == "diverged"


def test_a_model_that_came_without_the_metrics_of_its_training_is_finished(tmp_path):
    run = Run.create(tmp_path, run_config("gan"))
    run.model_file.write_bytes(b"")
    assert (run.state, run.epoch) == ("finished", None)
