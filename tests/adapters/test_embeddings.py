"""A textual inversion stands for its word in both prompts, as in diffusers and A1111."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from runtime import TextToImage, open_pipeline
from runtime.errors import AdapterError
from runtime.pipeline import Pipeline
from tests.measures import psnr
from tests.models import DEMO_SOURCE, exported

pytestmark = pytest.mark.filterwarnings("ignore")

ASKED = TextToImage(
    prompt="a blue castle, easy-style, at sunset",
    negative_prompt="night, BadThing",
    sampler="Euler",
    seed=5,
    num_inference_steps=4,
    guidance_scale=5.0,
    width=128,
    height=128,
)
WIDTH = 128


def vectors(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed)) * 0.05


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("data")
    (data / "embeddings").mkdir()
    save_file({"emb_params": vectors(3, 1)}, data / "embeddings" / "easy-style.safetensors")
    save_file({"<token>": vectors(2, 2)}, data / "embeddings" / "BadThing.safetensors")
    return data


@pytest.fixture(scope="module")
def on_openvino(data: Path) -> Iterator[Pipeline]:
    with open_pipeline(exported("demo-scenes"), device="cpu", data_dir=data, cache=False) as pipeline:
        yield pipeline


def ours(pipeline: Pipeline, asked: TextToImage = ASKED) -> np.ndarray:
    return np.asarray(pipeline.generate(asked).result().images[0])


@pytest.fixture(scope="module")
def reference(data: Path) -> np.ndarray:
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(
        DEMO_SOURCE, torch_dtype=torch.float32, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.load_textual_inversion({"a": vectors(3, 1)}, token="<one>")
    pipeline.load_textual_inversion({"b": vectors(2, 2)}, token="<two>")
    pipeline.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    made = pipeline(
        ASKED.prompt.replace("easy-style", "<one>"),
        negative_prompt=ASKED.negative_prompt.replace("BadThing", "<two>"),
        num_inference_steps=ASKED.total_steps,
        guidance_scale=ASKED.scale,
        width=ASKED.width,
        height=ASKED.height,
        generator=torch.Generator("cpu").manual_seed(ASKED.seed),
    )
    return np.asarray(made.images[0])


def test_openvino_gives_the_picture_of_diffusers(
    on_openvino: Pipeline, reference: np.ndarray, tmp_path: Path
) -> None:
    assert psnr(ours(on_openvino), reference) >= 60
    with open_pipeline(exported("demo-scenes"), device="cpu", data_dir=tmp_path, cache=False) as without:
        assert psnr(ours(without), reference) < 40


def test_pytorch_gives_the_picture_of_diffusers(data: Path, reference: np.ndarray) -> None:
    with open_pipeline(DEMO_SOURCE, device="pytorch-cpu", data_dir=data) as pipeline:
        assert psnr(ours(pipeline), reference) >= 60


def test_words_are_found_by_their_tokens_and_count_as_their_vectors(on_openvino: Pipeline) -> None:
    choose = on_openvino.chooser.choose
    for prompt, count in (
        ("easy-style", 3),
        ("a EASY-Style house", 5),
        ("(easy-style:1.2)", 3),
        ("easy-style easy-style", 6),
    ):
        choice = choose(TextToImage(prompt=prompt))
        words = [
            word for piece in prompt.strip("()").split(":")[:1] for word in choice.tokenizers[0].words(piece)
        ]
        assert len(words) == count, prompt
        assert choice.adapters.changes["text_encoder"].tokens is not None
    assert choose(TextToImage(prompt="uneasy-styles")).adapters.changes == {}
    assert choose(TextToImage(prompt="easy-styled")).adapters.changes == {}


def test_a_part_of_a_prompt_is_told_by_the_word_and_not_by_its_vectors(on_openvino: Pipeline) -> None:
    (tokenizer,) = on_openvino.chooser.choose(TextToImage(prompt="easy-style")).tokenizers
    assert tokenizer.text(tokenizer.words("a easy-style house")).replace(" ", "") == "aeasy-stylehouse"


def test_the_picture_tells_the_files_as_a1111_does(on_openvino: Pipeline, data: Path) -> None:
    import hashlib

    text = on_openvino.generate(ASKED).result().pictures[0].infotext
    for name in ("easy-style", "BadThing"):
        content = (data / "embeddings" / f"{name}.safetensors").read_bytes()
        assert f"{name}: {hashlib.sha256(content).hexdigest()[:12]}" in text
    assert 'TI hashes: "' in text


def test_without_guidance_a_negative_embedding_is_not_looked_at(on_openvino: Pipeline) -> None:
    asked = replace(ASKED, prompt="a house", guidance_scale=1.0)
    assert on_openvino.chooser.choose(asked).adapters.changes == {}


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"emb_params": torch.zeros(2, 768)}, "width 768 and this model reads 128"),
        ({"clip_l": torch.zeros(2, 768), "clip_g": torch.zeros(2, 1280)}, "768 and 1280"),
        ({"clip_l": torch.zeros(2, 768), "clip_g": torch.zeros(3, 1280)}, "2 and 3 vectors"),
        ({"a": torch.zeros(1, 128), "b": torch.zeros(1, 128)}, "is no textual inversion"),
        ({"emb_params": torch.zeros(100, 128)}, "at most 75"),
        ({"emb_params": torch.full((1, 128), float("nan"))}, "not numbers"),
        ({"emb_params": torch.zeros(1, 128, dtype=torch.int64)}, "as I64"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(
    tensors: dict[str, Any], said: str, data: Path, on_openvino: Pipeline
) -> None:
    path = data / "embeddings" / "wrong-one.safetensors"
    save_file(tensors, path)
    with pytest.raises(AdapterError, match=r"wrong-one\.safetensors.*" + said):
        on_openvino.generate(TextToImage(prompt="a wrong-one house"))
    path.unlink()


def test_a_pickle_is_refused_where_it_is_named_and_not_where_there_is_better(
    data: Path, on_openvino: Pipeline
) -> None:
    for name in ("old-one.pt", "easy-style.pt"):
        (data / "embeddings" / name).write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(AdapterError, match=r"old-one\.pt is a pickle.*safetensors"):
        on_openvino.generate(TextToImage(prompt="an old-one house"))
    assert on_openvino.chooser.choose(TextToImage(prompt="easy-style")).adapters.changes
    assert on_openvino.chooser.choose(TextToImage(prompt="a house")).adapters.changes == {}


def test_embeddings_of_an_a1111_folder_are_found(
    data: Path, tmp_path: Path, on_openvino: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "embeddings" / "mine").mkdir(parents=True)
    save_file({"emb_params": vectors(1, 4)}, tmp_path / "embeddings" / "mine" / "other-word.safetensors")
    (tmp_path / "models" / "Lora").mkdir(parents=True)
    (tmp_path / "models" / "Lora" / "ink.safetensors").write_bytes(b"{}")
    monkeypatch.setenv("LAPDRAW_CHECKPOINTS", str(tmp_path))
    asked = TextToImage(prompt="a other-word house")
    assert on_openvino.chooser.choose(asked).adapters.changes
    with pytest.raises(AdapterError, match=r"no LoRA 'inks' \(there are ink"):
        on_openvino.generate(TextToImage(prompt="a house <lora:inks:1>"))


def test_json_of_a_request_holds_the_names_as_they_were_written() -> None:
    asked = TextToImage(prompt="easy-style <lora:ink:0.8>")
    assert json.loads(json.dumps(asked.as_dict()))["prompt"] == "easy-style <lora:ink:0.8>"
