"""What a training starts from."""

import pytest
import torch

from packdepth import paths
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.losses.depth import DepthLoss
from packdepth.models.heads import DepthHead
from packdepth.training import start
from tests.support.stores import holding_out, slopes, write_store


def test_a_network_is_a_function_of_its_seed(project):
    variant = project().variant("packnet")
    first, again, other = (start.networks(variant, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_the_best_constant_beats_every_other(stores):
    variant = stores().variant("constant")
    store = Store(paths.store("tiny", "train"))
    best = start.first_output(store, variant)
    depth = torch.stack([torch.from_numpy(store.depth(i))[None] for i in range(len(store))])
    loss = DepthLoss(variant.loss, 10.0)
    target, mask = loss.target(depth, (32, 32))

    def of(value: float) -> float:
        return loss(torch.full_like(target, value), target, mask)[0].item()

    for ratio in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0):
        assert of(best) <= of(best * ratio) + 1e-6


def test_the_best_constant_of_a_flat_world_is_its_depth(project, tmp_path):
    flat = slopes(2)
    flat.depth.flags.writeable = True
    flat.depth[:] = 4.0
    store = Store(write_store(tmp_path / "s.h5", flat))
    variant = project(lambda raw: raw["training"].update(loss="l1")).variant("constant")
    assert start.first_output(store, variant) == pytest.approx(2.5, rel=3e-3)


def test_a_head_in_its_own_unit_starts_at_the_same_depth(stores):
    store_of = stores(lambda raw: raw["training"].update(first_output="best-constant"))
    published, own = store_of.variant("packnet"), store_of.variant("packnet-own-unit")
    store = Store(paths.store("tiny", "train"))
    assert start.first_output(store, published) == pytest.approx(10 * start.first_output(store, own))


def test_a_warm_up_rises_to_the_schedule(project):
    variant = project().variant("packnet")
    training = variant.training.model_copy(update={"learning_rate": 0.1, "warmup": 0.2})
    made = start.optimizer(start.networks(variant, 0), training)
    for done, share in ((0.0, 0.0), (0.05, 0.25), (0.2, 1.0), (0.9, 1.0)):
        start.set_learning_rates(made, training, done)
        assert made.param_groups[0]["lr"] == pytest.approx(share * 0.1)
    start.set_learning_rates(made, training.model_copy(update={"schedule": "cosine"}), 0.1)
    assert made.param_groups[0]["lr"] == pytest.approx(0.1 * 0.5 * 0.975528, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["packnet-leaky-relu", "densedepth-paper"])
def test_heads_start_at_the_best_constant_where_that_is_asked_for(stores, name):
    variant = stores().variant(name)
    store = Store(paths.store("tiny", "train"))
    started = variant.model_copy(
        update={"training": variant.training.model_copy(update={"first_output": "best-constant"})}
    )
    depth = start.networks(variant, 0).depth
    biases = [part.conv.bias for part in depth.modules() if isinstance(part, DepthHead)]
    start.set_first_output(depth, store, variant)
    assert all(bias.item() == 0 for bias in biases)
    start.set_first_output(depth, store, started)
    best = start.first_output(store, started)
    assert best > 1
    assert [bias.item() for bias in biases] == pytest.approx([best] * len(biases))


def test_heads_may_start_at_any_depth(stores):
    variant = stores(lambda raw: raw["training"].update(first_output=0.5)).variant("packnet-own-unit")
    depth = start.networks(variant, 0).depth
    start.set_first_output(depth, Store(paths.store("tiny", "train")), variant)
    heads = [part for part in depth.modules() if isinstance(part, DepthHead)]
    assert [10 * head.function(head.conv.bias).item() for head in heads] == pytest.approx([0.5] * len(heads))


def test_the_best_constant_is_not_fitted_to_frames_that_are_held_out(stores):
    variant = stores(holding_out(0.5)).variant("constant")
    batch = slopes(12, seed=0)
    batch.depth.flags.writeable = True
    before = start.first_output(Store(paths.store("tiny", "train")), variant)
    batch.depth[6:] = 1.0
    write_store(paths.store("tiny", "train"), batch)
    assert start.first_output(Store(paths.store("tiny", "train")), variant) == before


@pytest.mark.parametrize(("name", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_optimizer(project, name, kind):
    study = project(lambda raw: raw["training"].update(optimizer=name, weight_decay=0.5, epsilon=1e-6))
    variant = study.variant("packnet")
    networks = start.networks(variant, 0)
    made = start.optimizer(networks, variant.training)
    assert type(made) is kind
    (group,) = made.param_groups
    assert (group["lr"], group["weight_decay"], group["eps"]) == (1e-4, 0.5, 1e-6)
    assert list(map(id, group["params"])) == list(map(id, networks.parameters()))


@pytest.mark.parametrize(("done", "share"), [(0.0, 1.0), (0.25, 0.853553), (0.5, 0.5), (1.0, 0.0)])
def test_learning_rates_along_half_a_cosine(project, done, share):
    variant = project().variant("packnet-selfsup")
    training = variant.training.model_copy(update={"learning_rate": 0.1, "pose_learning_rate": 0.3})
    networks = start.networks(variant, 0)
    for schedule, factor in (("constant", 1.0), ("cosine", share)):
        settings = training.model_copy(update={"schedule": schedule})
        made = start.optimizer(networks, settings)
        start.set_learning_rates(made, settings, done)
        assert [group["lr"] for group in made.param_groups] == pytest.approx([factor * 0.1, factor * 0.3], rel=1e-6)
    assert networks.pose
    assert list(map(id, made.param_groups[1]["params"])) == list(map(id, networks.pose.parameters()))


def test_where_nothing_can_be_learned_that_is_said(project, tmp_path):
    flat = slopes(2)
    flat.depth.flags.writeable = True
    flat.depth[:] = 12.0
    store = Store(write_store(tmp_path / "s.h5", flat))
    study = project()
    with pytest.raises(InputError, match=r"in 2 frames no depth is nearer than .*max_depth, 10 m \(nearest: 12 m\)"):
        start.require_depth(store, study.variant("packnet"))
    start.require_depth(store, study.variant("packing"))  # an autoencoder needs no depth


def test_one_near_frame_is_enough(project, tmp_path):
    frames = slopes(2)
    frames.depth.flags.writeable = True
    frames.depth[0] = 12.0
    start.require_depth(Store(write_store(tmp_path / "s.h5", frames)), project().variant("packnet"))


@pytest.mark.parametrize(
    ("context", "mode", "predicted"),
    [
        ("recorded", "self-supervised", True),
        ("stereo", "self-supervised", False),
        ("synthetic-stereo", "semi-supervised", False),
        (["stereo", "synthetic"], "self-supervised", True),
        ("recorded", "supervised", False),
    ],
)
def test_only_frames_of_other_times_need_a_pose_network(project, context, mode: str, predicted: bool):
    def edit(raw):
        entry = {"network": {"architecture": "packnet"}, "training": {"mode": mode, "context": context}}
        raw["groups"]["temporal"]["variants"]["new"] = entry

    assert bool(start.networks(project(edit).variant("new"), 0).pose) == predicted
