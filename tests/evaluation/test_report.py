"""Entries as text."""

from tfgen.evaluation.report import inversion_summary, likelihood_summary, quality_summary
from tfgen.runs.entries import InversionEntry, LikelihoodEntry, QualityEntry


def test_a_likelihood_of_images_names_levels_binarization_baseline_and_estimator():
    entry = LikelihoodEntry(
        split="test", estimator="ELBO, 1 sample", samples=1, examples=300, log_prob_nats=-80.125,
        log_prob_nats_standard_error=0.5, bits_per_dim=1.5, bits_per_dim_standard_error=0.01, levels=2, dimensions=64,
        pixel_marginal_bits_per_dim=2.0, binarization="dynamic", weights="measured with float32",
    )  # fmt: skip
    assert likelihood_summary(entry) == (
        "test       1.5000 ± 0.0100 bits/dim (80.12 nats; 2 levels, dynamic; independent pixels 2.0000); "
        "ELBO, 1 sample; 300 examples; measured with float32"
    )


def test_a_value_that_an_earlier_version_did_not_record_is_a_dash():
    entry = LikelihoodEntry(split="test", estimator="exact", samples=1, examples=10, log_prob_nats=-1.5)
    assert likelihood_summary(entry) == "test       NLL 1.5000 ± – nats; exact; 10 examples"


def test_inversion_errors_are_those_of_the_measured_sets():
    errors = {"count": 1000, "largest": 2e-6, "mean": 1e-7}
    entry = InversionEntry.from_json({"split": "test", "seed": 0, "examples": errors, "white": {**errors, "count": 1}})
    assert inversion_summary(entry) == (
        "inversion  largest |x − f(f⁻¹(x))|: 2.0e-06 of 1,000 examples, 2.0e-06 of 1 white image"
    )


def test_every_metric_of_samples_stands_next_to_that_of_real_images():
    entry = QualityEntry.from_json(
        {
            "split": "test",
            "seed": 3,
            "temperature": 0.5,
            "samples": 2000,
            "pictures": "samples",
            "recall": 0.25,
            "classifier": {"name": "digits", "sha256": "0123456789", "test_accuracy": 0.99},
            "class_histogram": [3, 4],
            "kl_to_data": None,
            "real_reference": {"recall": 0.875},
        }
    )
    first, *lines, last = quality_summary(entry).splitlines()
    assert "2,000 samples, seeds from 3, temperature 0.5, against as many real images" in first
    assert "classifier digits 01234567, accuracy 0.9900" in first
    assert "           recall                           0.250   real 0.875" in lines
    assert "           KL of classes to the data's          –   real –" in lines
    assert last.endswith("samples of each class         3 4")


def test_a_likelihood_tells_the_augmentation_of_the_training_and_that_labels_were_given():
    entry = LikelihoodEntry(
        split="test", estimator="e", samples=1, examples=10, log_prob_nats=-1.5, conditional=True, augmentation="flip"
    )
    assert likelihood_summary(entry).endswith("given the class; e; 10 examples; training images changed by flip")
