import json

from tfgen.evaluation.report import QUALITY_METRICS
from tfgen.export import card
from tfgen.runs.run import Run


def test_the_card_states_data_licence_training_metrics_signatures_and_parity(tiny_run, tiny_models, exported):
    text = (exported / "MODEL_CARD.md").read_text()
    for expected in (
        "scikit-learn's handwritten digits",
        "CC BY 4.0",
        "preset `quick`",
        "not measured: tfgen evaluate",
        "| `log_prob` | images float32 [n, 8, 8, 1]; seed int32 [n] |",
        "| tflite/model-int8.tflite |",
        "## Effect of quantization",
        "## Limits",
    ):
        assert expected in text


def test_the_licence_of_a_user_s_own_data_is_to_be_stated(tiny_run, tiny_models):
    faces = tiny_run.config.data.replace(data="somewhere/faces")
    own = Run(tiny_run.path, tiny_run.config.replace(data=faces))
    text = "\n".join(card.sections(own, tiny_models("vae-mixture"), {}))
    assert "'faces'" in text
    assert "not known to tfgen: state it" in text
    assert "somewhere" not in text


def test_measured_likelihoods_come_with_their_estimator(tiny_run, tiny_models, tmp_path):
    entry = {"split": "test", "estimator": "exact", "samples": 1, "examples": 10, "log_prob_nats": -1.5}
    measured = Run(tmp_path, tiny_run.config)
    entry["log_prob_nats_standard_error"] = 0.1
    (tmp_path / "evaluation.json").write_text(json.dumps({"likelihood": [entry]}))
    assert "NLL 1.5000 ± 0.1000 nats; exact; 10 examples" in card.metrics(measured, tiny_models("points"))


def test_measured_sample_quality_comes_with_that_of_real_images(tiny_run, tiny_models, tmp_path):
    figures = dict.fromkeys(QUALITY_METRICS, 0.25)
    entry = {
        "split": "test", "samples": 300, "pictures": "samples", "seed": 0, "temperature": 1.0,
        "classifier": {"name": "digits", "sha256": "0123456789", "test_accuracy": 0.99},
        **figures, "class_histogram": [3, 4], "floor": {**figures, "recall": 0.875},
    }  # fmt: skip
    (tmp_path / "evaluation.json").write_text(json.dumps({"quality": [entry]}))
    text = card.metrics(Run(tmp_path, tiny_run.config), tiny_models("gan"))
    assert "recall                           0.250   real 0.875" in text
    assert "no tractable likelihood" in text
    (tmp_path / "evaluation.json").write_text(json.dumps({"quality": [{"split": "test"}], "likelihood": 3}))
    assert "not measured" in card.metrics(Run(tmp_path, tiny_run.config), tiny_models("vae-mixture"))


def test_the_card_of_a_gan_says_why_it_has_no_likelihood(tiny_run, tiny_models):
    assert "without computing their density" in card.metrics(tiny_run, tiny_models("gan"))
