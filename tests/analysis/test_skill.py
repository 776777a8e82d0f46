"""Skill by image and seed, and what a change gains."""

import pytest

from packdepth.analysis import skill
from packdepth.errors import InputError
from tests.support.verdicts import FLOOR, IMAGES, RECONSTRUCTION, SKILL, THUMBNAIL, study_by_hand


def test_the_skill_of_a_depth_network_is_one_minus_its_loss_over_the_fixed_maps(study):
    assert skill.floor_loss(study, "packnet") == FLOOR
    assert skill.skill(study, "densedepth-best").mean() == pytest.approx(SKILL["densedepth-best"], abs=2e-3)
    assert skill.losses(study, "packnet-best").shape == (IMAGES, 5)


def test_the_skill_of_an_autoencoder_is_one_minus_its_squared_error_over_the_thumbnails(study):
    assert skill.floor_loss(study, "packing") == THUMBNAIL
    assert skill.skill(study, "packing").mean() == pytest.approx(RECONSTRUCTION["packing"], abs=2e-3)


def test_a_change_gains_the_difference_of_skills_over_seeds_that_both_have(study):
    gained = skill.gain(study, ("packnet-best", "packnet-ceiling-100"))  # five seeds and three
    assert gained.shape == (IMAGES, 3)
    assert skill.gain_of(study, ("packnet-ceiling-2", "packnet-ceiling-100")).mean == pytest.approx(0.5, abs=2e-3)


def test_of_several_variants_the_mean_counts(study):
    effect = skill.gain_of(study, ("packnet-best", ["packnet-strided", "densedepth-best"]))
    assert effect.mean == pytest.approx(0.15, abs=2e-3)
    assert (effect.seeds, effect.images) == (5, IMAGES)


def test_variants_without_a_common_seed_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand(edit=lambda raw: raw["groups"]["diagnosis"].update(seeds=[8]))
    with pytest.raises(InputError, match="no seed in common"):
        skill.gain_of(study, ("packnet-best", "packnet-epsilon"))


def test_the_skill_of_floors(study):
    table = skill.of_floors(study).set_index("floor")["skill"]
    assert table["fixed map"] == table["thumbnail"] == 0
    assert table["truth up to 2"] == pytest.approx(1 - 0.3 / FLOOR)
    assert table["principal components"] == pytest.approx(0.8)
