"""params.yaml: what is resolved, and the one line for what is wrong."""

import re
from pathlib import Path

import pytest

from packdepth.config.load import load_study
from packdepth.errors import InputError
from packdepth.utils.fingerprint import digest


def test_the_shipped_file_is_right_at_every_scale(shipped, project):
    for scale in shipped["scales"]:
        study = project(lambda raw, scale=scale: raw.update(scale=scale))
        assert [study.variant(name).name for name in study.variants] == list(shipped["groups"]["report"]["variants"])


@pytest.mark.parametrize("scale", ["kitti-tiny", "ddad-tiny"])
def test_a_handful_of_frames_makes_batches(project, scale):
    assert project(lambda raw: raw.update(scale=scale)).variant("packnet").training.batch_size == 1


def test_variant_wins_over_scale_and_scale_over_defaults(project):
    def edit(raw):
        raw["training"] |= {"batch_size": 4, "learning_rate": 1e-4}
        raw["scales"]["tiny"]["training"] |= {"batch_size": 3, "epochs": 5}
        raw["groups"]["report"]["variants"]["packnet"]["training"] = {"epochs": 7, "loss": "silog"}

    study = project(edit)
    training = study.variant("packnet").training
    assert (training.learning_rate, training.batch_size, training.epochs, training.loss) == (1e-4, 3, 7, "silog")
    assert study.variant("packnet").loss == study.losses["silog"]


def test_width_is_the_scales_unless_the_variant_has_its_own(project):
    study = project(lambda raw: raw["groups"]["report"]["variants"]["densedepth"]["network"].update(width=0.5))
    assert study.variant("packnet").network.width == 0.25
    assert study.variant("densedepth").network.width == 0.5


def test_another_scales_checkpoint_may_be_compared_with_ones_own(project):
    other = OWN.replace("tiny", "small")
    assert project(_compared(other)).transfer.checkpoints == [other]


def test_a_scale_may_train_temporal_variants_otherwise(project):
    def grouped(raw):
        _temporal(raw).update(batch_size=2)
        raw["scales"]["tiny"] |= {
            "context": raw["scales"]["small"]["context"],
            "training": {"epochs": 6, "save_every": 7},
            "groups": {"temporal": {"epochs": 5, "workers": 3, "batch_size": 1}},
        }

    settings = project(grouped).variant("new").training
    assert (settings.epochs, settings.save_every, settings.workers, settings.batch_size) == (5, 7, 3, 2)
    settings = project(grouped).variant("packnet").training
    assert (settings.epochs, settings.save_every, settings.workers, settings.batch_size) == (6, 7, 0, 4)


def test_a_variant_may_multiply_what_the_scale_has(project):
    def times(raw):
        raw["groups"]["report"]["variants"]["packnet"]["scale_by"] = {
            "width": 0.5,
            "learning_rate": 3,
            "epochs": 2,
            "batch_size": 2,
        }
        raw["scales"]["tiny"]["training"] |= {"epochs": 3, "learning_rate": 1e-3}

    variant = project(times).variant("packnet")
    training = variant.training
    assert (training.epochs, training.batch_size, training.learning_rate) == (6, 8, pytest.approx(3e-3))
    assert variant.network.width == 0.125


def test_a_width_of_its_own_is_multiplied_too_and_products_are_whole_where_they_should_be(project):
    def times(raw):
        raw["groups"]["report"]["variants"]["packnet"]["network"]["width"] = 0.5
        raw["groups"]["report"]["variants"]["packnet"]["scale_by"] = {"width": 3, "batch_size": 1.1}
        raw["scales"]["tiny"]["training"]["batch_size"] = 100

    variant = project(times).variant("packnet")
    assert (variant.network.width, variant.training.batch_size) == (1.5, 110)


def test_groups_have_files_and_may_have_seeds_of_their_own(project):
    study = project(lambda raw: raw["groups"]["contest"].update(seeds=[4, 5]))
    assert study.seeds_of("packnet-best") == [4, 5]
    assert study.seeds_of("packnet") == study.seeds
    assert study.seeds_of("packnet-epsilon") == [1, 2, 3, 4, 5]
    assert str(study.run("packnet-epsilon", 1).metrics) == "results/tiny/metrics/diagnosis/packnet-epsilon.1.json"
    of_verdict = ["ceilings", "tuning", "contest", "diagnosis", "durations", "factors", "autoencoder"]
    assert list(study.by_group) == [
        "report",
        "temporal",
        "supervision",
        "sensors",
        *of_verdict,
        "widths",
        "batches",
        "pairs",
    ]


def test_a_group_shows_those_that_it_is_compared_with(project):
    study = project()
    pair = list(study.groups.temporal.variants)
    assert study.shown("temporal") == pair
    assert study.shown("supervision") == [*pair, *study.groups.supervision.variants]


def test_what_a_scale_says_for_a_group_wins_over_the_scale(project):
    def edit(raw):
        raw["scales"]["tiny"]["training"]["epochs"] = 5
        raw["scales"]["tiny"]["groups"] = {"diagnosis": {"epochs": 7}}

    study = project(edit)
    assert study.variant("packnet-epsilon").training.epochs == 7
    assert study.variant("packnet").training.epochs == 5


def test_a_batch_must_divide_at_the_scale_that_is_trained_alone(project):
    study = project(lambda raw: raw["training"].update(devices=2))  # kitti-tiny trains in batches of 1
    assert study.variant("packnet").training.devices == 2


def test_temporal_variants_have_files_of_their_own(project):
    study = project(lambda raw: _temporal(raw).update(mode="self-supervised"))
    assert study.variant("new").training.mode == "self-supervised"
    assert str(study.run("new", 1).metrics) == "results/tiny/metrics/temporal/new.1.json"
    assert str(study.run("packnet", 1).metrics) == "results/tiny/metrics/report/packnet.1.json"


def test_context_is_a_kind_or_several_in_one_order(project):
    def training(context):
        return (
            project(lambda raw: _temporal(raw).update(mode="self-supervised", context=context)).variant("new").training
        )

    for alone in ("recorded", "stereo"):
        assert training(alone).context == training([alone]).context == [alone]
        assert training([alone]).model_dump()["context"] == alone  # as it was written before there could be several
    both = training(["stereo", "recorded"])
    assert both.context == ["recorded", "stereo"]
    assert both == training(["recorded", "stereo"])
    assert both.model_dump(mode="json")["context"] == ["recorded", "stereo"]
    assert [training(kinds).predicts_motion for kinds in ("synthetic", ["stereo", "synthetic"], "stereo")] == [1, 1, 0]


def test_a_supervised_variant_may_have_a_velocity_weight_that_it_does_not_use(project):
    study = project(lambda raw: _temporal(raw).update(context="stereo", velocity={"weight": 0.5}))
    assert not study.variant("new").training.predicts_motion


def test_an_unknown_protocol_is_refused_with_those_that_there_are(project):
    with pytest.raises(InputError, match=r"scales\.tiny\.evaluation\.protocol.*nyu-eigen.*got 'nyu'"):
        project(lambda raw: raw["scales"]["tiny"]["evaluation"].update(protocol="nyu"))


def _compared(*checkpoints):
    return lambda raw: raw["transfer"].update(checkpoints=list(checkpoints))


OWN = "results/tiny/runs/report/packnet/seed0/model.safetensors"


def _hypothesis(raw, key):
    return raw["verdict"]["hypotheses"][key]


def _training(raw):
    return raw["groups"]["report"]["variants"]["packnet"].setdefault("training", {})


def _temporal(raw, **network):
    raw["groups"]["temporal"]["variants"]["new"] = {"network": {"architecture": "packnet"} | network, "training": {}}
    return raw["groups"]["temporal"]["variants"]["new"]["training"]


def _context(raw):
    return raw["scales"]["small"]["context"]


WRONG = [
    (lambda raw: raw.update(scale="tinny"), ["scale 'tinny'", "'tiny'"]),
    (lambda raw: raw.update(seed=[1]), ["seed: unknown key", "'seeds'"]),
    (lambda raw: raw.update(seeds=[]), ["seeds"]),
    (lambda raw: raw.update(seeds=[1, 1]), ["seeds", "once"]),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet"].update(trainning={}),
        ["variants.packnet.trainning", "'training'"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["constant"].pop("network"),
        ["variants.constant.network", "required"],
    ),
    (lambda raw: raw["training"].pop("epochs"), ["training.epochs", "required"]),
    (lambda raw: raw["training"].update(batch_size=0), ["training.batch_size", "greater than 0", "0"]),
    (lambda raw: _training(raw).update(lerning_rate=1), ["variants.packnet.training.lerning_rate", "'learning_rate'"]),
    (lambda raw: raw["scales"]["small"]["training"].update(epoch=1), ["scales.small.training.epoch", "'epochs'"]),
    (lambda raw: raw["scales"]["medium"].update(widht=1), ["scales.medium.widht", "'width'"]),
    (lambda raw: raw["scales"]["small"]["data"].update(size=[100, 128]), ["scales.small.data.size", "32", "100"]),
    (lambda raw: raw["scales"]["small"]["data"].update(dataset="rums"), ["scales.small.data", "rums", "'rooms'"]),
    (lambda raw: raw["scales"]["small"]["data"].update(trian=1), ["scales.small.data.trian", "'train'"]),
    (
        lambda raw: raw["scales"]["small"]["evaluation"].update(protocol="x"),
        ["evaluation.protocol", "must be one of indoor"],
    ),
    (lambda raw: raw["groups"]["report"].update(figures=["curve"]), ["figure 'curve'", "'curves'"]),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet"]["network"].update(skips="sun"),
        ["packnet.network.skips", "'sum'", "'sun'"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet"]["network"].update(skip="sum"),
        ["packnet.network.skip", "'skips'"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["densedepth"]["network"].update(pretrained=True),
        ["densedepth", "width 1", "0.25"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["densedepth"]["network"].update(pretrained=True, stereo=True),
        ["densedepth.network", "ImageNet's weights see one image"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet"]["network"].update(stereo=True),
        ["variants.packnet", "flip must be 0, got 0.5", "changes sides"],
    ),
    (
        lambda raw: _temporal(raw, stereo=True).update(mode="semi-supervised", flip=0.0),
        ["temporal.variants.new", "a stereo network learns from true depth", "'semi-supervised'"],
    ),
    (lambda raw: _training(raw).update(devices=2, batch_size=3), ["variants.packnet: a batch of 3", "2 devices in 1"]),
    (
        lambda raw: _training(raw).update(cpu={"compile": True, "checkpointing": True}),
        ["variants.packnet.training.cpu", "compile and checkpointing exclude one another"],
    ),
    (
        lambda raw: _training(raw).update(cuda={"implementation": "published"}),
        ["cuda.implementation", "'auto', 'cpu', 'gpu' or 'plain'"],
    ),
    (
        lambda raw: raw["training"].update(micro_batches=8),
        ["a batch of 4 makes no equal parts for 1 devices in 8 micro-batches"],
    ),
    (_compared("a/best.ckpt", "b/best.ckpt"), ["transfer.checkpoints", "a/best.ckpt and b/best.ckpt", "'best'"]),
    (_compared(f"/old/{OWN}"), [f"{OWN} and /old/{OWN}", "both called 'tiny-packnet-seed0'"]),
    (_compared("https://example.org/"), ["transfer.checkpoints", "'https://example.org/' names no file"]),
    (
        lambda raw: raw["groups"]["report"]["variants"].update(Big={"network": {"architecture": "packnet"}}),
        ["variants.Big"],
    ),
    (
        lambda raw: _training(raw).update(mode="self-supervised"),
        ["variants.packnet", "'self-supervised'", "temporal, supervision, sensors"],
    ),
    (
        lambda raw: raw["scales"]["small"]["groups"]["temporal"].update(epoch=1),
        ["scales.small.groups.temporal.epoch", "'epochs'"],
    ),
    (lambda raw: raw["scales"]["small"]["groups"].update(temporl={}), ["scales.small.groups", "'temporal'"]),
    (lambda raw: raw["scales"]["small"].pop("context"), ["scales.small.context", "required"]),
    (lambda raw: _temporal(raw).update(mode="unsupervised"), ["temporal.variants.new.training.mode", "'unsupervised'"]),
    (
        lambda raw: _temporal(raw).update(context="true"),
        ["training.context", "'recorded', 'synthetic'", "(got 'true')"],
    ),
    (lambda raw: _temporal(raw).update(context="sterio"), ["training.context", "did you mean 'stereo'"]),
    (lambda raw: _temporal(raw).update(context=[]), ["temporal.variants.new.training.context", "at least 1"]),
    *(
        (
            lambda raw, kinds=kinds: _temporal(raw).update(context=kinds),
            ["temporal.variants.new.training.context", "one kind in time", "one of a second camera", str(kinds)],
        )
        for kinds in (["recorded", "synthetic"], ["stereo", "synthetic-stereo"], ["stereo", "recorded", "stereo"])
    ),
    (
        lambda raw: _temporal(raw).update(mode="self-supervised", context="stereo", velocity={"weight": 0.5}),
        ["temporal.variants.new", "velocity.weight must be 0, got 0.5", "stereo is of one instant"],
    ),
    (
        lambda raw: _temporal(raw).update(mode="self-supervised", pose="known", velocity={"weight": 0.5}),
        ["temporal.variants.new", "velocity.weight must be 0, got 0.5", "with known poses no translation"],
    ),
    *(
        (
            lambda raw, changes=changes: _temporal(raw).update(pose="known", **changes),
            ["temporal.variants.new: pose 'known' is for variants that learn from frames at other times"],
        )
        for changes in ({}, {"mode": "self-supervised", "context": "stereo"})
    ),
    (lambda raw: _temporal(raw).update(velocity={"wieght": 1}), ["training.velocity.wieght", "'weight'"]),
    (lambda raw: _temporal(raw).update(velocity={"drop_out": 2}), ["training.velocity.drop_out", "less than or equal"]),
    (
        lambda raw: raw["groups"]["temporal"]["variants"].update(packnet={"network": {"architecture": "packnet"}}),
        ["'packnet'", "stands under groups.report.variants and under groups.temporal.variants"],
    ),
    (lambda raw: raw["groups"]["contest"].update(seeds=[1, 1]), ["contest.seeds", "once"]),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet"].update(scale_by={"epoch": 2}),
        ["variants.packnet.scale_by.epoch", "'epochs'"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet"].update(training={"epochs": 0}),
        ["variants.packnet.training.epochs", "greater than 0"],
    ),
    (
        lambda raw: raw["groups"]["autoencoder"].pop("training"),
        ["autoencoder.variants.packing", "'reconstruction' is an autoencoder's"],
    ),
    (lambda raw: _training(raw).update(mode="reconstruction"), ["variants.packnet", "an autoencoder's"]),
    (
        lambda raw: raw["groups"]["report"]["variants"]["densedepth"]["network"].update(norm="grup"),
        ["network.norm", "'group'"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["densedepth"]["network"].update(
            pretrained=True, norm="group", width=1
        ),
        ["variants.densedepth.network", "norm batch"],
    ),
    (
        lambda raw: raw["groups"]["report"]["variants"]["packnet-leaky-relu"]["network"].update(min_depth=0.1),
        ["packnet-leaky-relu.network", "min_depth is a setting of heads inverse-sigmoid"],
    ),
    (lambda raw: _training(raw).update(first_output="best"), ["training.first_output", "'best-constant'"]),
    (lambda raw: _temporal(raw).update(held_out=0.1, mode="self-supervised"), ["temporal.variants.new", "held_out"]),
    (lambda raw: raw["groups"]["contest"].update(training={"epoch": 2}), ["contest", "training.epoch", "'epochs'"]),
    (lambda raw: raw["groups"]["factors"]["runs"].pop(), ["groups.factors", "7 factors take"]),
    (lambda raw: raw["groups"]["factors"].update(runs=["f01"] * 32), ["groups.factors", "once"]),
    (
        lambda raw: raw["groups"]["factors"]["factors"]["swap"].update(half={"training": {"warmup": 0.2}}),
        ["groups.factors", "factors swap and warm-up both set training.warmup"],
    ),
    (
        lambda raw: raw["groups"]["factors"]["factors"]["swap"].update(whole={}),
        ["groups.factors.factors.swap", "at most 2"],
    ),
    (
        lambda raw: raw["groups"]["factors"]["factors"]["skips"].update(none={"network": {"skips": "no"}}),
        ["factors", "network.skips", "'none'"],
    ),
    (lambda raw: raw["groups"]["diagnosis"].update(seed=[1]), ["diagnosis.seed: unknown key", "'seeds'"]),
    (lambda raw: raw["groups"].update(mine={"variants": {}}), ["groups.mine: unknown key"]),
    (lambda raw: raw["groups"]["report"].update(variants={}), ["groups.report.variants is empty"]),
    (lambda raw: raw["groups"]["temporal"].update(compared_with=["reprt"]), ["compared_with", "'report'"]),
    (lambda raw: raw["groups"]["temporal"]["figures"].append("curves"), ["'curves'", "report and temporal"]),
    (lambda raw: raw["scales"].update({"smoke.2": raw["scales"]["smoke"]}), ["scales.smoke.2", "pattern"]),
    (lambda raw: raw["scales"].update({"$(touch x)": raw["scales"]["smoke"]}), ["scales", "pattern"]),
    (lambda raw: raw.update(scale="../smoke"), ["scale", "pattern", "'../smoke'"]),
    (lambda raw: raw["verdict"].update(contest=["packnet", "densedepth-best"]), ["verdict, contest, 'packnet'"]),
    (lambda raw: raw["verdict"].update(margin=0), ["verdict.margin", "greater than 0"]),
    (lambda raw: _hypothesis(raw, "H7").update(gain=["packnet", "packing"]), ["verdict, H7, 'packing'"]),
    (lambda raw: _hypothesis(raw, "H8").update(gain=["packing", "packnet"]), ["verdict, H8, 'packnet'", "'packing'"]),
    (lambda raw: _hypothesis(raw, "H1").update(factor="swap"), ["verdict.hypotheses.H1", "exactly one"]),
    (lambda raw: _hypothesis(raw, "H5").pop("factor"), ["verdict.hypotheses.H5", "exactly one"]),
    (lambda raw: _hypothesis(raw, "H5").update(factor="swp"), ["factor in verdict, H5, 'swp'", "'swap'"]),
    (lambda raw: _hypothesis(raw, "H5").update(factor="network"), ["factor in verdict, H5, 'network'"]),
    (lambda raw: _hypothesis(raw, "H5").update(sign=2), ["verdict.hypotheses.H5.sign", "1 or -1"]),
    (lambda raw: raw["verdict"].update(gap=["packnt", "densedepth"]), ["verdict, gap, 'packnt'", "'packnet'"]),
    (
        lambda raw: _hypothesis(raw, "H7").update(shown_with=[["packnet", "packnet-velocity"]]),
        ["H7, 'packnet-velocity'"],
    ),
    (lambda raw: _hypothesis(raw, "H5").update(panl="curves"), ["verdict.hypotheses.H5.panl", "'panel'"]),
    (lambda raw: raw["verdict"]["hypotheses"].update(h5={}), ["verdict.hypotheses.h5"]),
    (lambda raw: raw["groups"]["temporal"].update(figures=["curve"]), ["figure 'curve'", "'curves'"]),
    (lambda raw: _context(raw).update(motion="handhold"), ["motion in scales.small.context", "'handheld'"]),
    (lambda raw: _context(raw).update(moton="walk"), ["scales.small.context.moton", "'motion'"]),
    (lambda raw: _context(raw).update(kinds=["true"]), ["scales.small.context.kinds", "'recorded'"]),
    (lambda raw: _context(raw).update(baseline=0), ["scales.small.context.baseline", "greater than 0"]),
    (lambda raw: raw["motions"]["vehicle"].update(speed=[5, 1]), ["motions.vehicle"]),
    (lambda raw: raw["motions"]["vehicle"].update(sped=[1, 5]), ["motions.vehicle.sped", "'speed'"]),
]


@pytest.mark.parametrize(("edit", "words"), WRONG, ids=[" ".join(words) for _, words in WRONG])
def test_a_fault_is_one_line_that_names_it(project, edit, words):
    with pytest.raises(InputError) as caught:
        project(edit)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("params.yaml: ")
    for word in words:
        assert word in message


def test_unknown_variant_is_told_with_the_nearest(project):
    with pytest.raises(InputError, match=r"unknown variant 'packnet-lrelu'; did you mean 'packnet"):
        project().variant("packnet-lrelu")


def test_missing_and_broken_files(tmp_path: Path):
    with pytest.raises(InputError, match="not found"):
        load_study(tmp_path / "params.yaml")
    with pytest.raises(InputError, match="is a folder; expected a file"):
        load_study(tmp_path)
    (tmp_path / "params.yaml").write_text("scale: [small\n")
    with pytest.raises(InputError, match="not YAML") as caught:
        load_study(tmp_path / "params.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("a: 1\nb: !!bool maybe\n", "line 2: 'maybe' is no bool"),
        ("a: 1\nb: {c: 2020-13-01}\n", "line 2: '2020-13-01' is no timestamp"),
        ("a: [1, !!int x]\n", "line 1: 'x' is no int"),
        ("a: &own [*own]\nb: !!float y\n", "line 2: 'y' is no float"),
        (f"a: {'9' * 5000}\n", "line 1: '9999"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_line(tmp_path: Path, content: str, told: str):
    (tmp_path / "params.yaml").write_text(content)
    with pytest.raises(InputError, match=f"not YAML: {re.escape(told)}"):
        load_study(tmp_path / "params.yaml")


def test_bytes_that_are_no_text_are_named(tmp_path: Path):
    (tmp_path / "params.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(InputError, match="not YAML: byte 3 is not UTF-8"):
        load_study(tmp_path / "params.yaml")


def test_nothing_in_the_file_is_executed(tmp_path: Path):
    (tmp_path / "params.yaml").write_text("!!python/object/apply:os.mkdir [made]\n")
    with pytest.raises(InputError, match="not YAML"):
        load_study(tmp_path / "params.yaml")
    assert not Path("made").exists()


def test_digest_depends_on_values_not_on_the_order_of_keys(project):
    study = project()
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest(study.variant("packnet")) != digest(study.variant("packnet-direct"))


def test_only_a_published_head_has_another_unit(project):
    study = project(lambda raw: raw["scales"]["tiny"]["training"].update(output_unit="1/m"))
    assert study.variant("packnet").training.output_unit == "1/m"
    assert study.variant("packnet-leaky-relu").training.output_unit == "max_depth/m"
    assert study.variant("densedepth").training.output_unit == "max_depth/m"

    def on_another_head(raw):
        raw["groups"]["report"]["variants"]["packnet-leaky-relu"]["training"] = {"output_unit": "1/m"}

    with pytest.raises(InputError, match=r"packnet-leaky-relu.training.output_unit: only heads inverse-sigmoid and"):
        project(on_another_head)


def test_an_unknown_loss_is_named_with_the_nearest(project):
    with pytest.raises(InputError, match=r"must be one of handout, .*did you mean 'handout'.* got 'handuot'"):
        project(lambda raw: raw["training"].update(loss="handuot"))


def test_runs_of_a_design_are_variants(project):
    group = project().groups.factors
    assert list(group.variants) == group.runs
    assert group.levels["f01"] == {factor: next(iter(levels)) for factor, levels in list(group.factors.items())[:5]} | {
        factor: group.levels["f01"][factor] for factor in list(group.factors)[5:]
    }
    entry = group.variants["f01"]
    assert entry.network == {"architecture": "densedepth", "version": "handout", "skips": "none"}
    assert entry.training["channel_swap"] == 0.0
    assert entry.scale_by.learning_rate == 0.3


def test_what_a_group_says_holds_for_all_its_variants_unless_they_say_otherwise(project):
    def edit(raw):
        raw["groups"]["contest"]["training"] = {"flip": 0.25, "channel_swap": 0.0}
        raw["groups"]["contest"]["variants"]["packnet-best"]["training"] = {"channel_swap": 1.0}
        raw["scales"]["tiny"]["training"]["flip"] = 0.75

    study = project(edit)
    of = {name: study.variant(name).training for name in ("packnet-best", "densedepth-best", "packnet")}
    assert [of[name].flip for name in of] == [0.25, 0.25, 0.75]
    assert [of[name].channel_swap for name in of] == [1.0, 0.0, 0.5]


def test_frames_are_trained_on_or_held_out(project):
    training = project(lambda raw: _training(raw).update(held_out=0.25)).variant("packnet").training
    assert (training.trained_on(12), training.evaluated_on(12)) == (range(9), range(9, 12))
    assert project().variant("packnet").training.trained_on(12) == range(12)
