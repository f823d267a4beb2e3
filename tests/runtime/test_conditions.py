"""What a UNet is told besides latents and prompt, and what is refused because it cannot be told."""

from pathlib import Path

import numpy as np
import pytest

from runtime.backends.base import PromptEmbeds
from runtime.conditions import Situation, condition_counts, condition_values, embed_guidance
from runtime.errors import ModelFolderError
from runtime.model_folder import ModelFolder
from tests.runtime.model_folders import edit, refusal, write_json, write_network

XL = {
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 4,
    "projection_class_embeddings_input_dim": 6 * 4 + 3,
}


@pytest.fixture
def xl(ir: Path) -> Path:
    edit(ir / "unet" / "config.json", **XL)
    write_network(ir, "text_encoder_2", {"hidden_size": 8, "projection_dim": 3, "num_hidden_layers": 2})
    write_json(ir / "tokenizer_2" / "tokenizer.json", {})
    return ir


@pytest.mark.parametrize("scale", [0.0, 1.0, 1.5, 7.5, 8.5, 50.0])
@pytest.mark.parametrize("count", [4, 32, 33, 256])
def test_embedded_guidance_is_that_of_diffusers(scale: float, count: int) -> None:
    torch = pytest.importorskip("torch")
    from diffusers import LatentConsistencyModelPipeline

    embed = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    wanted = embed(None, torch.tensor(scale - 1).repeat(1), embedding_dim=count)
    largest = abs(scale - 1) * 1000  # radians, of which float32 keeps 24 bits
    allowed = max(1e-6, largest * 2**-22)
    np.testing.assert_allclose(embed_guidance(scale, count), wanted.numpy(), atol=allowed)


def test_every_picture_of_a_batch_is_told_its_half_and_the_size() -> None:
    pooled = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
    prompt = PromptEmbeds(hidden=np.zeros((2, 77, 8), np.float32), pooled=pooled)
    situation = Situation(prompt=prompt, height=768, width=1024, guidance_scale=5)
    values = condition_values(XL | {"time_cond_proj_dim": 8}, situation, 2)
    assert list(values) == ["text_embeds", "time_ids", "timestep_cond"]
    np.testing.assert_array_equal(values["text_embeds"], pooled[[0, 0, 1, 1]])
    np.testing.assert_array_equal(values["time_ids"], [[768, 1024, 0, 0, 768, 1024]] * 4)
    np.testing.assert_array_equal(values["timestep_cond"], embed_guidance(5, 8).repeat(4, axis=0))


def test_an_ordinary_unet_is_told_nothing_more() -> None:
    assert condition_counts({"in_channels": 4, "time_cond_proj_dim": None}) == {}
    assert condition_counts(XL) == {"text_embeds": 3, "time_ids": 6}


def test_a_model_with_two_encoders_opens(xl: Path) -> None:
    folder = ModelFolder(xl)
    assert folder.text_encoders == ("text_encoder", "text_encoder_2")
    assert folder.tokenizer_of("text_encoder_2") == xl / "tokenizer_2"
    assert folder.zeroes_empty_prompt
    assert folder.takes_guidance
    edit(xl / "model_index.json", force_zeros_for_empty_prompt=False)
    assert not ModelFolder(xl).zeroes_empty_prompt


def test_a_vae_that_overflows_stays_out_of_f16_when_all_of_the_model_is_to_be(xl: Path) -> None:
    folder = ModelFolder(xl)
    assert folder.precision_for("vae_decoder", "f16") is None
    assert folder.precision_for("vae_encoder", "bf16") == "bf16"
    assert folder.precision_for("unet", "f16") == "f16"
    edit(xl / "vae_decoder" / "config.json", force_upcast=False)
    assert ModelFolder(xl).precision_for("vae_decoder", "f16") == "f16"


def test_an_ordinary_vae_runs_in_what_is_asked_for(ir: Path) -> None:
    assert ModelFolder(ir).precision_for("vae_decoder", "f16") == "f16"


def test_a_refiner_is_refused_with_what_to_take_instead(xl: Path) -> None:
    edit(xl / "model_index.json", requires_aesthetics_score=True)
    assert "aesthetic score" in refusal(xl)
    edit(xl / "model_index.json", requires_aesthetics_score=False, text_encoder=[None, None])
    assert "no first" in refusal(xl)
    assert "take the base model" in refusal(xl)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"projection_class_embeddings_input_dim": 5 * 4 + 3}, "takes -1 pooled embeddings"),
        ({"projection_class_embeddings_input_dim": None}, "must be a positive integer, got None"),
        ({"addition_time_embed_dim": "x"}, "must be a positive integer, got 'x'"),
        ({"addition_embed_type": "image"}, "addition_embed_type 'image' is not supported"),
        ({"time_cond_proj_dim": "many"}, "time_cond_proj_dim must be an integer of 4 or more, got 'many'"),
        ({"time_cond_proj_dim": 2}, "time_cond_proj_dim must be an integer of 4 or more, got 2"),
    ],
)
def test_what_cannot_be_told_is_refused(xl: Path, changes: dict[str, object], said: str) -> None:
    edit(xl / "unet" / "config.json", **changes)
    assert said in refusal(xl)


def test_a_unet_of_sdxl_without_its_second_encoder_is_refused(ir: Path) -> None:
    edit(ir / "unet" / "config.json", **XL)
    assert "no text_encoder_2" in refusal(ir)


def test_encoders_of_another_model_are_named(xl: Path) -> None:
    situation = Situation(
        prompt=PromptEmbeds(hidden=np.zeros((1, 77, 8), np.float32)), height=64, width=64, guidance_scale=1
    )
    with pytest.raises(ModelFolderError, match="takes 3 pooled embeddings and the text encoders give None"):
        condition_values(XL, situation, 1)
