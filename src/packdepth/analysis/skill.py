"""What the verdict compares: skill, 1 - loss / floor, by test image and seed.

For networks that predict depth, the loss is the scale's and the floor that of one fixed map. For autoencoders, the
loss is the mean squared error, and the floor that of a thumbnail, an eighth of the image's size, enlarged again.
"""

import pandas as pd

from packdepth import paths
from packdepth.analysis.gathered import read_gathered
from packdepth.analysis.results import floors, image_floors
from packdepth.analysis.statistics import effects
from packdepth.analysis.statistics.effects import Effect
from packdepth.config.hypotheses import Change, Names
from packdepth.config.study import Study
from packdepth.errors import InputError

FIXED_MAP, THUMBNAIL = "fixed map", "thumbnail"  # what has a skill of 0


def is_autoencoder(study: Study, variant: str) -> bool:
    """Whether a variant reconstructs images instead of predicting depth."""
    return variant in study.groups.autoencoder.variants


def losses(study: Study, variant: str) -> pd.DataFrame:
    """The loss of every test image: one row per image, one column per seed that has been gathered.

    Raises InputError if a file is missing, or was gathered before params.yaml named this variant.
    """
    group = study.group_of(variant)
    table = read_gathered(study, group, "losses").set_index("id")
    columns = {seed: f"{variant}/{seed}" for seed in study.seeds_of(variant)}
    there = {seed: table[column] for seed, column in columns.items() if column in table}
    if not there:
        path = paths.gathered(study.scale, group) / "losses.csv"
        raise InputError(f"{path}: without {variant}; `packdepth gather {group}` gathers what params.yaml names")
    return pd.DataFrame(there)


def floor_loss(study: Study, variant: str) -> float:
    """The loss at which a variant's skill is 0. Raises InputError if the file of floors is missing."""
    if is_autoencoder(study, variant):
        return float(image_floors(study).to_dict()[THUMBNAIL])
    return float(floors(study, "test")["loss"].to_dict()[FIXED_MAP])


def of_floors(study: Study) -> pd.DataFrame:
    """The skill of every floor on the test images: of depth, and of images."""
    depth, images = floors(study, "test")["loss"], image_floors(study)
    skills = pd.concat([1 - depth / depth[FIXED_MAP], 1 - images / images[THUMBNAIL]])
    return pd.DataFrame({"floor": skills.index, "skill": skills.to_numpy()})


def skill(study: Study, variant: str) -> pd.Series:
    """The mean skill over the test images, by seed."""
    return 1 - losses(study, variant).mean() / floor_loss(study, variant)


def gain(study: Study, change: Change) -> pd.DataFrame:
    """By how much a change raises the skill: one row per image, one column per seed that all its variants have.

    Where a side has several variants, their mean counts.
    """
    before, after = (_mean_losses(study, side) for side in change)
    return effects.gain(before, after, floor_loss(study, _listed(change[0])[0]))


def gain_of(study: Study, change: Change) -> Effect:
    """The same as one number, and how sure it is."""
    return effects.estimate(gain(study, change))


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else names


def _mean_losses(study: Study, names: Names) -> pd.DataFrame:
    tables = [losses(study, name) for name in _listed(names)]
    seeds = [seed for seed in tables[0] if all(seed in table for table in tables)]
    if not seeds:
        raise InputError(f"{', '.join(_listed(names))} have no seed in common; train all with the same seeds")
    total = tables[0][seeds].copy()
    for table in tables[1:]:
        if set(table.index) != set(total.index):
            raise InputError("two variants were evaluated on different test images; evaluate both again")
        total += table.loc[total.index, seeds]
    return total / len(tables)
