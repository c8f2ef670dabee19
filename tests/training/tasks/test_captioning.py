"""Captioning: BLEU and CIDEr against nltk and the code of COCO, greedy and beam search, readers, runs, exports."""

import json
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from PIL import Image
from torch import Tensor, nn

import archdsl
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.captions import END, PADDING, SPECIAL, START, encoded, fitted, sentence_of, vocabulary_of
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.drawn_scenes import draw_scenes
from archdsl.training.data.images import Request
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.errors.data_errors import BadImages
from archdsl.training.errors.loop_errors import NotCausal
from archdsl.training.inference.export_source import of_run
from archdsl.training.loop.device_setup import choose_device
from archdsl.training.recipe.recipe import CrossEntropy
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.caption_metrics import bleu, cider
from archdsl.training.tasks.caption_scores import make_caption_loss
from archdsl.training.tasks.caption_search import beam_search, greedy
from archdsl.training.tasks.choice import TASKS
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import KillAfter, Killed, errors, sample_training
from tests.training.test_session import assert_same

NETWORK = """input image 3x16x16
input words {steps} int({words})
from image; conv 8 k3 s2 p1; relu; flatten; fc 24; rearrange "c -> 1 c" as seen
from words; concat axis=t seen {{ embedding 24 }}; lstm 24{more}; fc {words}
"""
MADE = ["a red circle to the left of a blue square", "a white square above a green green circle", "there is a cat"]
WANTED = [
    ["a red circle to the left of a blue square", "a blue square to the right of a red circle"],
    ["a white square above a green circle", "a green circle below a white square", "two shapes"],
    ["there is a red triangle", "a red triangle on a dark background"],
]
# nltk 3.10.4: corpus_bleu; pycocoevalcap 1.2: Cider().compute_score (of n-grams up to 4, sigma 6)
BLEU, CIDER = 0.844395019716382, 4.268946566154683


def split(texts: list[str]) -> list[list[str]]:
    return [text.split() for text in texts]


def test_bleu_and_cider_match_nltk_and_coco() -> None:
    assert bleu(split(MADE), [split(each) for each in WANTED]) == pytest.approx(BLEU, abs=1e-9)
    assert cider(split(MADE), [split(each) for each in WANTED]) == pytest.approx(CIDER, abs=1e-9)


def test_bleu_and_cider_of_random_captions_match_references() -> None:
    bleu_score = pytest.importorskip("nltk.translate.bleu_score")
    scorer = pytest.importorskip("pycocoevalcap.cider.cider_scorer")
    rng = np.random.default_rng(0)
    for _ in range(10):
        texts = [[[str(w) for w in rng.integers(0, 2, rng.integers(4, 9))] for _ in range(4)] for _ in range(6)]
        made, wanted = [each[0] for each in texts], [each[1:] for each in texts]
        assert bleu(made, wanted) == pytest.approx(bleu_score.corpus_bleu(wanted, made), abs=1e-9)
        theirs = scorer.CiderScorer(n=4, sigma=6.0)
        for own, others in zip(made, wanted, strict=True):
            theirs += (" ".join(own), [" ".join(each) for each in others])
        assert cider(made, wanted) == pytest.approx(theirs.compute_score()[0], abs=1e-9)


def test_identical_captions_have_perfect_scores() -> None:
    wanted = [split(each) for each in WANTED]
    assert bleu([each[0] for each in wanted], wanted) == 1
    assert bleu([["x"] * 5] * 3, wanted) == 0
    assert cider([["x"] * 5] * 3, wanted) == 0


def test_captions_are_encoded_and_decoded() -> None:
    words = vocabulary_of(["A red circle.", "a dog's red ball"])
    assert words == (*SPECIAL, "a", "ball", "circle", "dog's", "red")
    ids = encoded([["A red circle.", "a ball"], ["red fish"]], words)
    assert ids.tolist() == [[[1, 4, 8, 6, 2], [1, 4, 5, 2, 0]], [[1, 8, 3, 2, 0], [0] * 5]]
    assert sentence_of(ids[0, 0].tolist(), words) == "a red circle"
    assert vocabulary_of(["a b", "a"], least=2) == (*SPECIAL, "a")
    assert fitted(ids, 3).tolist()[0] == [[1, 4, 8], [1, 4, 5]]
    assert fitted(ids, 7).shape == (2, 2, 7)


def test_caption_loss_is_the_cross_entropy_of_its_words() -> None:
    torch.manual_seed(0)
    captions = torch.tensor([[[1, 5, 6, 2, 0], [1, 6, 2, 0, 0]], [[1, 4, 2, 0, 0], [0] * 5]])
    logits = torch.randn(2, 5, 7)  # the first step is the image
    wanted = F.cross_entropy(
        torch.cat([logits[0, 1:4], logits[1, 1:3]]), torch.tensor([5, 6, 2, 4, 2]), label_smoothing=0.1
    )
    loss = make_caption_loss(CrossEntropy(smoothing=0.1))
    assert loss(logits, captions).item() == pytest.approx(wanted.item())
    assert loss(logits[:, 1:], captions[:, 0]).item() == pytest.approx(wanted.item())


def test_training_reference_is_sampled_from_existing_captions() -> None:
    captions = torch.tensor([[[1, 5, 2], [1, 6, 2]], [[1, 7, 2], [0, 0, 0]]]).repeat(50, 1, 1)
    found = TASKS["captioning"].sample_targets(captions, torch.Generator().manual_seed(0))
    assert set(found[::2, 1].tolist()) == {5, 6}
    assert set(found[1::2, 1].tolist()) == {7}


class Chain(nn.Module):
    """A network whose next word depends on the word before and on the image: fixed random logits."""

    def __init__(self, words: int) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.table = nn.Parameter(torch.randn(words, words) * 2)

    def forward(self, images: Tensor, words: Tensor) -> Tensor:
        return self.table[words] + images.mean((1, 2, 3))[:, None, None] * torch.arange(len(self.table))


def test_wide_beam_finds_the_best_caption() -> None:
    """The best of all captions of up to three words, by exhaustive enumeration."""
    model, image = Chain(8), torch.zeros(1, 1, 2, 2)
    logs = model.table.detach().clone()
    logs[:, [0, 1, 3]] = -torch.inf
    logs = logs.log_softmax(1)
    best: tuple[int, ...] = ()
    best_score = -np.inf
    for length in range(4):
        for words in product(range(4, 8), repeat=length):
            path = [START, *words, END]
            score = sum(float(logs[a, b]) for a, b in pairwise(path)) / (length + 1)
            if score > best_score:
                best, best_score = words, score
    for words in product(range(4, 8), repeat=4):
        path = [START, *words]
        score = sum(float(logs[a, b]) for a, b in pairwise(path)) / 4
        if score > best_score:
            best, best_score = words, score
    found = [each for each in beam_search(model, image, 4, 5**4).tolist() if each not in (END, PADDING)]
    assert tuple(found) == best
    one = greedy(model, image, 4)[0]
    assert torch.equal(one, beam_search(model, image, 4, 1))


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("input 3x32x32\ngap; fc 26", "E0818", "`shape_captions` has images with captions of 26 different words"),
        (NETWORK.format(steps=9, words=20, more="").replace("16x16", "32x32"), "E0818", "IDs below 20"),
        (NETWORK.format(steps=9, words=26, more=""), "E0811", "images of 3×32×32"),
        (NETWORK.format(steps=9, words=26, more="").replace("16x16", "32x32") + "fc 3\n", "E0816", "needs 9×26"),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(text: str, code: str, words: str) -> None:
    found = errors(text, data_sets()["shape_captions"])
    assert [each for each, _ in found] == [code], found
    assert words in found[0][1]


def test_show_and_tell_is_accepted_for_captioning() -> None:
    network = archdsl.load("zoo:show_and_tell", vocabulary=26, S=32, T=11)
    from archdsl.diagnostics import Sink
    from archdsl.training.network_check import check
    from archdsl.training.recipe.recipe import Recipe

    sink = Sink()
    check(network.graph, data_sets()["shape_captions"], Recipe(), sink)
    assert not tuple(sink)


@pytest.fixture(scope="module")
def coco(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in COCO's format, with the captions of scenes; and objects, which are their shapes."""
    root = tmp_path_factory.mktemp("captioning") / "coco"
    (root / "annotations").mkdir(parents=True)
    images, sentences = draw_scenes(60, 16)
    kinds = ("circle", "square", "triangle")
    for name, low, high in (("train2017", 0, 50), ("val2017", 50, 60)):
        (root / name).mkdir()
        content: dict[str, Any] = {
            "info": {}, "images": [], "annotations": [],
            "categories": [{"id": 10 + number, "name": kind} for number, kind in enumerate(kinds)],
        }  # fmt: skip
        objects: list[dict[str, int]] = []
        for number in range(low, high):
            Image.fromarray(images[number].transpose(1, 2, 0)).save(root / name / f"{number}.png")
            content["images"].append({"id": number, "file_name": f"{number}.png", "width": 16, "height": 16})
            for text in sentences[number]:
                row = {"id": len(content["annotations"]), "image_id": number, "caption": f"{text.capitalize()}. "}
                content["annotations"].append(row)
            for place, kind in enumerate(kinds):
                if kind in sentences[number][0]:
                    objects.append({"id": len(objects), "image_id": number, "category_id": 10 + place})
        (root / "annotations" / f"captions_{name}.json").write_text(json.dumps(content))
        (root / "annotations" / f"instances_{name}.json").write_text(json.dumps({**content, "annotations": objects}))
    return root


def test_coco_captions_are_read(coco: Path, tmp_path: Path) -> None:
    source = find_source(str(coco))
    assert (source.spec.targets, source.spec.classes[:4], source.spec.name) == ("caption", SPECIAL, "coco")
    splits = source.load(Request(ImageShape(3, 16, 16), tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (45, 5, 10)
    _, sentences = draw_scenes(60, 16)
    files = splits.test.files or ()
    for captions, file in zip(splits.test.labels.tolist(), files, strict=True):
        wanted = sentences[int(Path(file).stem)]
        assert [sentence_of(ids, source.spec.classes) for ids in captions] == wanted
    assert find_source(source.origin).spec == source.spec


def test_coco_objects_are_sets_of_classes(coco: Path, tmp_path: Path) -> None:
    source = find_source(f"{coco}:objects")
    assert (source.spec.targets, source.spec.classes) == ("classes", ("circle", "square", "triangle"))
    test = source.load(Request(ImageShape(3, 16, 16), tmp_path / "cache")).test
    assert test is not None
    _, sentences = draw_scenes(60, 16)
    for members, file in zip(test.labels, test.files or (), strict=True):
        text = sentences[int(Path(file).stem)][0]
        assert [bool(member) for member in members] == [kind in text for kind in source.spec.classes]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["images"][0].update(file_name="../x.png"), "not a path below"),
        (lambda c: c["images"][0].update(file_name="/etc/passwd"), "not a path below"),
        (lambda c: c["images"][0].update(file_name="gone.png"), "there is no image"),
        (lambda c: c["images"][0].update(file_name=3), "not a string"),
        (lambda c: c["images"][0].update(id=1), "same `id`"),
        (lambda c: c["images"][0].update(id="x"), "not an integer"),
        (lambda c: c["annotations"][0].update(id=1), "two annotations have the `id` 1"),
        (lambda c: c["annotations"][0].update(image_id=999), "which is not listed"),
        (lambda c: c["annotations"][0].update(caption=" . "), "no caption with words"),
        (lambda c: c.update(annotations=3), "`annotations` is not a list"),
        (lambda c: c.update(images=[3]), "`images` is not a list"),
        (lambda c: c.clear(), "`images` is not a list"),
        (lambda c: c["categories"][0].update(name=""), "not a string"),
        (lambda c: c["categories"][0].update(id=11), "two categories"),
        ("{" * 100_000, "not JSON"),
        ("", "the file is empty"),
        (" \n", "the file is empty"),
        (lambda c: c.update(images=[], annotations=[]), "`images` is empty"),
        (lambda c: c.update(annotations=[]), "no annotated images"),
    ],
)
def test_invalid_annotations_are_reported(coco: Path, tmp_path: Path, change: Any, words: str) -> None:
    import shutil

    root = tmp_path / "coco"
    shutil.copytree(coco, root)
    path = root / "annotations" / "captions_train2017.json"
    content = json.loads(path.read_text())
    if isinstance(change, str):
        path.write_text(change)
    else:
        change(content)
        path.write_text(json.dumps(content))
    source = find_source(str(root))
    for use in (lambda: source.spec, lambda: source.load(Request(ImageShape(3, 16, 16), tmp_path / "cache"))):
        with pytest.raises(BadImages) as caught:
            use()
        assert words in caught.value.message()
        assert caught.value.help()


def text_of(coco: Path, more: str = "") -> str:
    return NETWORK.format(steps=12, words=len(find_source(str(coco)).spec.classes), more=more)


@pytest.fixture(scope="module")
def run(coco: Path) -> Path:
    recipe: dict[str, Any] = {"epochs": 8, "optimizer": {"name": "adam", "lr": 0.02}}
    sample_training(text_of(coco), str(coco), coco.parent / "run", **recipe).start()
    return coco.parent / "run"


def test_captioning_run_learns_and_reports(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["train"]["loss"] < 0.5 * lines[0]["train"]["loss"]
    result = json.loads((run / "result.json").read_text())
    assert set(result["test"]) == {"loss", "bleu4", "cider"}
    assert result["test"]["bleu4"] > 0.2
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert report.task == "captioning"
    assert report.scores is not None
    assert len(report.scores.samples) == 10
    assert "first reference: " in report.scores.samples[0].caption


def test_captioning_predictions_evaluation_and_export(run: Path, coco: Path) -> None:
    image = str(coco / "val2017" / "55.png")
    done = CliRunner().invoke(predict_command, [str(run), image, "--format", "json"])
    assert done.exit_code == 0, done.output
    (answer,) = json.loads(done.stdout)
    trained = archdsl.load_run(run)
    assert trained.predict(image) == [answer["text"]]
    (wide,) = trained.predict(image, beams=4)
    done = CliRunner().invoke(predict_command, [str(run), image, "--beam", "4"])
    assert done.stdout == f"{image}: {wide}\n"
    result = json.loads((run / "result.json").read_text())
    done = CliRunner().invoke(eval_command, [str(run), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"] == pytest.approx(result["test"])
    loaded = load_run(Run.open(run, writes=False), choose_device("cpu"))
    exported = of_run(loaded, prepare=True)
    assert [each.name for each in exported.inputs] == ["pixels", "words"]
    with Image.open(image) as opened:
        pixels = torch.from_numpy(np.array(opened).transpose(2, 0, 1)[None])
    ids = [START]
    while len(ids) < 13 and ids[-1] != END:
        words = torch.tensor([ids + [PADDING] * (12 - len(ids))])
        with torch.no_grad():
            logits = exported.module(pixels, words)[0, len(ids)]
        logits[[0, 1, 3]] = -torch.inf
        ids.append(int(logits.argmax()))
    assert sentence_of(ids, exported.facts["classes"]) == answer["text"]


def test_captions_with_another_vocabulary_are_matched_by_word(run: Path, coco: Path, tmp_path: Path) -> None:
    """A folder with one more word has other IDs, and the same captions."""
    import shutil

    root = tmp_path / "coco"
    shutil.copytree(coco, root)
    path = root / "annotations" / "captions_train2017.json"
    path.write_text(path.read_text().replace("There is", "Aardvark there is", 1))
    assert find_source(str(root)).spec.classes != find_source(str(coco)).spec.classes
    found = [
        json.loads(CliRunner().invoke(eval_command, [str(run), "--format", "json", "--data", str(each)]).stdout)
        for each in (coco, root)
    ]
    assert found[0]["metrics"] == found[1]["metrics"]
    path.write_text(path.read_text().replace("Aardvark", "Aardvark and one and one and one"))
    done = CliRunner().invoke(eval_command, [str(run), "--data", str(root), "--split", "all"])
    assert (done.exit_code, "60 images" in done.stdout) == (0, True), done.output


def test_network_that_reads_future_words_is_refused(coco: Path, tmp_path: Path) -> None:
    started = sample_training(text_of(coco, " bidirectional"), str(coco), tmp_path / "run")
    with pytest.raises(NotCausal):
        started.start()


def test_resumed_and_killed_runs_are_bit_for_bit_the_same(coco: Path, tmp_path: Path) -> None:
    text = text_of(coco)
    recipe: dict[str, Any] = {"augment": {"crop": 1, "noise": 0.1}}
    sample_training(text, str(coco), tmp_path / "whole", **recipe).start()
    sample_training(text, str(coco), tmp_path / "parts", StopAfter(9), **recipe).start()
    sample_training(text, str(coco), tmp_path / "parts", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")
    with pytest.raises(Killed):
        sample_training(text, str(coco), tmp_path / "killed", KillAfter(10), **recipe).start()
    sample_training(text, str(coco), tmp_path / "killed", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "killed")
