"""Reconstructions of images without a network."""

import numpy as np
import pytest
from numpy.typing import NDArray

from packdepth.data.store.frames import Store
from packdepth.evaluation.image_floors import image_floors, principal_components, thumbnail
from packdepth.models.autoencoder import CODE
from tests.support.stores import slopes, write_store


@pytest.fixture
def patches() -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(size=(500, 192)) @ np.diag(np.linspace(3, 0, 192))


def test_components_are_orthonormal_and_the_best_of_their_number(patches: NDArray[np.float64]) -> None:
    mean, components = principal_components([patches[:200], patches[200:]])
    np.testing.assert_allclose(mean, patches.mean(axis=0))
    np.testing.assert_allclose(components @ components.T, np.eye(CODE), atol=1e-9)
    centred = patches - mean
    found = np.square(centred - centred @ components.T @ components).sum()
    assert found == pytest.approx(np.square(np.linalg.svd(centred)[1][CODE:]).sum())  # Eckart and Young 1936


def test_a_thumbnail_keeps_what_is_flat_and_blurs_the_rest() -> None:
    flat = np.full((64, 96, 3), 100, np.uint8)
    np.testing.assert_array_equal(thumbnail(flat), flat)
    chequered = (np.indices((64, 96)).sum(axis=0) % 2 * 200).astype(np.uint8)[..., None].repeat(3, axis=2)
    np.testing.assert_array_equal(thumbnail(chequered), flat)


def test_images_of_few_components_are_reconstructed_by_them(tmp_path) -> None:
    train, test = (Store(write_store(tmp_path / f"{seed}.h5", slopes(6, seed=seed))) for seed in (0, 1))
    errors = image_floors(train, test)
    assert errors["principal components"] < 2e-6 < errors["thumbnail"] < 1e-3
