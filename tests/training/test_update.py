"""An update recorded as a CUDA graph does what one does that is not."""

import pandas as pd
import pytest
import torch

from packdepth.errors import InputError
from packdepth.training import start
from packdepth.training.loop import train


def rates(optimizer):
    return [float(group["lr"]) for group in optimizer.param_groups]


def test_rates_of_a_recorded_update_are_tensors_that_keep_their_place(project):
    """A graph reads the memory where they were."""
    variant = project().variant("packnet")
    made = start.optimizer(start.networks(variant, 0), variant.training, recorded=True)
    places = [group["lr"].data_ptr() for group in made.param_groups]
    told = start.set_learning_rates(made, variant.training, 0.25)
    assert rates(made) == pytest.approx([told])
    assert told == variant.training.learning_rate
    assert [group["lr"].data_ptr() for group in made.param_groups] == places


def test_a_restored_optimizer_goes_on_as_the_one_that_was_saved(project):
    variant = project().variant("constant")
    training = variant.training.model_copy(update={"learning_rate": 0.1})

    def of(weights):
        networks = start.networks(variant, 0)
        networks.load_state_dict(weights or networks.state_dict())
        return networks, start.optimizer(networks, training, recorded=True)

    def step(networks, optimizer):
        optimizer.zero_grad()
        (networks.depth.value * 3).sum().backward()
        optimizer.step()
        return networks.depth.value.item()

    first = of(None)
    step(*first)
    again = of(first[0].state_dict())
    start.restore_optimizer(again[1], first[1].state_dict())
    assert all(isinstance(group["lr"], torch.Tensor) for group in again[1].param_groups)
    assert step(*again) == step(*first)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"cpu": {"graph": True}}, "only a GPU"),
        ({"cuda": {"graph": True}, "devices": 2, "batch_size": 4}, "one device"),
    ],
)
def test_graphs_are_for_one_gpu(project, settings, what):
    def edit(raw):
        raw["scales"]["tiny"]["training"] |= settings

    with pytest.raises(InputError, match=what):
        project(edit).variant("packnet")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("variant", ["packnet", "densedepth"])
def test_a_recorded_training_learns_as_one_that_is_not(stores, variant):
    """Updates before the recording, recorded ones, and measured ones between them; saved and gone on from."""

    def edit(graph):
        def of(raw):
            raw["scales"]["tiny"]["training"] |= {
                "epochs": 4,
                "diagnostics_every": 5,
                "save_every": 6,
                "schedule": "cosine",
                "cuda": {"graph": graph},
            }

        return of

    logs = []
    for graph in (False, True):
        study = stores(edit(graph))
        run = study.run(variant, 0)
        train(study, run)
        logs.append(pd.read_csv(run.train_log))
        run.checkpoint.unlink()
    plain, recorded = logs
    assert len(plain) == 12
    assert recorded["loss"].tolist() == pytest.approx(plain["loss"].tolist(), rel=1e-3)
    assert recorded["learning_rate"].tolist() == pytest.approx(plain["learning_rate"].tolist(), rel=1e-6)
