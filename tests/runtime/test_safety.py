"""The safety checker of a model: its scores, its verdict, and what becomes of a picture that it flags."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import cosine_distance
from PIL import Image
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from optimize.convert import ConvertJob, convert
from runtime import NonFiniteError, TextToImage, open_pipeline
from runtime.backends.base import Shape
from runtime.model_folder import UNUSABLE, ModelFolder
from runtime.safety import CHECKER, UNCHECKED, judge, prepare_picture
from tests.models import DEMO_MODEL, DEMO_SOURCE
from tests.safety_checkers import FULL, PROCESSOR, SMALL, copy_with_checker, make_checker, plant
from ui.cli import main
from ui.jobs.kept_pipeline import KeptPipeline
from ui.jobs.picture_run import PictureRun

NEAR = 1e-3
RED, BLUE = (200, 40, 40), (40, 80, 200)


def picture(number: int) -> Image.Image:
    """A blurred picture, the even ones red, the odd ones blue."""
    random = np.random.default_rng(number)
    small = np.array((RED, BLUE)[number % 2]) + random.normal(0, 30, (6, 8, 3))
    return Image.fromarray(np.clip(small, 0, 255).astype(np.uint8)).resize((160, 128), 3)


PICTURES = [picture(number) for number in range(50)]


Made = tuple[Path, Path, torch.nn.Module]


def with_checker(folder: Path, architecture: dict[str, int], patch: int) -> Made:
    """Return the demo's source and its OpenVINO model, both with a checker that flags red pictures."""
    checker = make_checker(architecture, patch)
    plant(checker, PICTURES[0::2], PICTURES[1::2])
    source = copy_with_checker(DEMO_SOURCE, folder / "source", checker)
    model = folder / "model"
    shutil.copytree(DEMO_MODEL, model)
    (folder / "work").mkdir()
    job = ConvertJob(
        source=str(source),
        work=str(folder / "work"),
        model=str(model),
        family="Stable Diffusion 1.x and 2.x",
        components=(CHECKER,),
        scheduler_config={},
    )
    convert(job, lambda phase: None)
    for path in (folder / "work" / CHECKER).iterdir():
        shutil.move(path, model / CHECKER)
    shutil.copytree(source / "feature_extractor", model / "feature_extractor")
    return source, model, checker


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return with_checker(tmp_path_factory.mktemp("checker"), SMALL, 32)


@contextlib.contextmanager
def judging(model: Path, device: str) -> Iterator[object]:
    with open_pipeline(model, device=device, cache=False) as pipeline:
        shape = Shape(batch=1, height=128, width=128)
        components = pipeline._backend.load(shape, ("text_encoder", "unet", CHECKER))
        config = pipeline.model.feature_extractor_config
        yield lambda image: components.safety_checker(prepare_picture(image, config))[0]


def check(model: Path, device: str, checker: torch.nn.Module) -> None:
    """Compare scores with diffusers' own forward, and 50 verdicts with what was planted."""
    right = 0
    with judging(model, device) as scores:
        for number, image in enumerate(PICTURES):
            found = scores(image)
            pixels = torch.from_numpy(prepare_picture(image, PROCESSOR))
            with torch.no_grad():
                embeds = checker.visual_projection(checker.vision_model(pixels)[1])
                near = torch.cat(
                    [
                        cosine_distance(embeds, checker.special_care_embeds)
                        - checker.special_care_embeds_weights,
                        cosine_distance(embeds, checker.concept_embeds) - checker.concept_embeds_weights,
                    ],
                    dim=1,
                )
                _, flagged = checker(pixels, [np.zeros((1, 1, 3))])
            assert np.abs(found - near[0].numpy()).max() <= NEAR
            assert judge(found).is_flagged == flagged[0]
            right += judge(found).is_flagged == (number % 2 == 0)
    assert right == len(PICTURES)


def test_openvino_gives_the_scores_of_diffusers_and_flags_what_was_planted(
    small: Made,
) -> None:
    check(small[1], "cpu", small[2])


def test_the_pytorch_backend_does_too(small: Made) -> None:
    check(small[0], "pytorch-cpu", small[2])


@pytest.mark.campaign
def test_a_checker_of_full_size_does_too(tmp_path: Path) -> None:
    _, model, checker = with_checker(tmp_path, FULL, 14)
    check(model, "cpu", checker)


@pytest.mark.parametrize("size", [(160, 128), (128, 128), (512, 768), (333, 517), (224, 224), (64, 96)])
def test_pictures_are_prepared_as_transformers_does(size: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    image = Image.fromarray(random.integers(0, 255, (size[1], size[0], 3)).astype(np.uint8))
    for config in (
        PROCESSOR,
        PROCESSOR | {"size": {"shortest_edge": 96}, "crop_size": {"height": 64, "width": 80}},
    ):
        known = {name: value for name, value in config.items() if name != "feature_extractor_type"}
        expected = CLIPImageProcessorPil(**known)(image, return_tensors="np")["pixel_values"]
        assert np.abs(prepare_picture(image, config) - expected).max() <= 1e-6


def test_a_concept_flags_above_its_threshold_and_sooner_where_care_is_called_for() -> None:
    scores = np.full(20, -0.5)
    assert not judge(scores).is_flagged
    scores[3 + 7] = 0.0004  # rounds to nothing
    assert not judge(scores).is_flagged
    scores[3 + 7] = -0.005
    scores[1] = 0.02  # special care alone flags nothing
    verdict = judge(scores)
    assert dict(verdict.concepts) == {7: 0.005}
    assert "concept 7 by 0.005 over its threshold" in verdict.reason
    with pytest.raises(NonFiniteError, match="the safety checker gave values that are not numbers"):
        judge(scores * np.nan)


@pytest.fixture
def strict(small: Made, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model, with a checker that flags every second picture that it sees."""
    seen = iter(range(1000))
    from runtime.backends.openvino_components import OpenVinoComponents

    def scores(self: object, pixels: np.ndarray) -> np.ndarray:
        assert pixels.shape == (1, 3, 224, 224)
        return np.full((1, 20), 0.1 if next(seen) % 2 == 0 else -0.1, np.float32)

    monkeypatch.setattr(OpenVinoComponents, "safety_checker", scores)
    return small[1]


def test_a_flagged_picture_is_withheld_with_the_reason_and_the_others_are_given_out(strict: Path) -> None:
    request = TextToImage(prompt="a red house", seed=5, count=4, num_inference_steps=1)
    with open_pipeline(strict, device="cpu", cache=False) as pipeline:
        result = pipeline.generate(request).result()
        assert result.seeds == (6, 8)
        assert [withheld.seed for withheld in result.withheld] == [5, 7]
        assert "the picture of seed 5 is withheld: the model's safety checker flags it" in result.warnings[0]
        off = TextToImage(prompt="a red house", seed=5, count=2, num_inference_steps=1, safety_checker=False)
        unchecked = pipeline.generate(off).result()
        assert unchecked.seeds == (5, 6)
        assert UNCHECKED in unchecked.warnings


def test_the_command_line_saves_what_is_left_under_its_own_seed(
    strict: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["generate", "a house", "--model", str(strict), "--device", "cpu", "--steps", "1", "--seed", "5"]
    asked += ["--data-dir", str(tmp_path)]
    assert main([*asked, "--count", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(Path(image["path"]).stem[-2:], image["seed"]) for image in told["images"]] == [("-6", 6)]
    assert told["withheld"][0]["seed"] == 5
    assert main(asked) == 0
    assert "the picture of seed 5 is withheld" in capsys.readouterr().err
    assert main([*asked, "--no-safety-checker"]) == 0
    assert "abide to the conditions of the Stable Diffusion license" in capsys.readouterr().err
    assert len(list(tmp_path.rglob("*.png"))) == 2


def test_a_job_leaves_out_what_is_withheld_and_tells_why(strict: Path, tmp_path: Path) -> None:
    def told(count: int) -> list[dict[str, Any]]:
        fields = {
            "prompt": "a house",
            "seed": 5,
            "num_inference_steps": 1,
            "count": count,
            "batch_size": count,
        }
        body = {"model": str(strict), "device": "cpu", "fields": fields}
        events: list[dict[str, Any]] = []

        def say(**event: Any) -> None:
            events.append(event)
            if event["event"] == "reserve":
                run.grant(event["number"])

        run = PictureRun({"job": "a" * 8, "body": body, "pictures": {}, "settled": {}}, tmp_path, say)
        with contextlib.closing(KeptPipeline(tmp_path)) as kept:
            run.run(kept)
        return events

    events = told(2)  # of which the first is flagged
    (skipped,) = [event for event in events if event["event"] == "skipped"]
    (saved,) = [event for event in events if event["event"] == "reserve"]
    assert (skipped["numbers"], skipped["result"]) == ([0], None)
    assert (saved["number"], saved["seed"]) == (1, 6)
    assert "the picture of seed 5 is withheld" in saved["result"]["warnings"][0]
    events = told(1)
    (skipped,) = [event for event in events if event["event"] == "skipped"]
    assert skipped["result"]["withheld"][0]["seed"] == 5
    assert not [event for event in events if event["event"] == "reserve"]
    assert len(list(tmp_path.rglob("*.png"))) == 1


def test_a_checker_that_cannot_be_used_is_said(small: Made, tmp_path: Path) -> None:
    assert CHECKER in ModelFolder(small[1]).components
    assert CHECKER in ModelFolder(small[0]).components
    shutil.copytree(small[0], tmp_path / "pickled")
    (tmp_path / "pickled" / CHECKER / "model.safetensors").rename(tmp_path / "pickled" / CHECKER / "a.bin")
    folder = ModelFolder(tmp_path / "pickled")
    assert CHECKER not in folder.components
    assert UNUSABLE in folder.notes
