import numpy as np
import pytest
from tokenizers import Tokenizer

from demo.captions import random_caption
from demo.scenes import random_scenes
from demo.tokenizer import END, LENGTH, START, token_ids, train_tokenizer, write_tokenizer

ODD = ["", "A  Zebra\teating 12 pizzas!! <3", "été 日本", "a red house, 50% off", "it's NIGHT"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(2)
    captions = [random_caption(scene, rng) for scene in random_scenes(1500, 2, keep_out=False)]
    at = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(train_tokenizer(captions), at)
    return at


def test_known_words_are_one_token_and_every_text_has_tokens(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokens = tokenizer.encode("a red house on green hills under a night sky").tokens
    words = ["a", "red", "house", "on", "green", "hills", "under", "a", "night", "sky"]
    assert tokens == [START, *(f"{word}</w>" for word in words), END]
    ids = token_ids(tokenizer, ODD)
    assert ids.shape == (len(ODD), LENGTH)
    assert (ids[0, 1:] == tokenizer.token_to_id(END)).all()
    # Only the empty prompt may consist of special tokens alone: nothing else maps to "unknown".
    assert all((row[1:] != tokenizer.token_to_id(END)).sum() >= 3 for row in ids[1:])


@pytest.mark.filterwarnings("ignore:Deprecated in 0.9.0:DeprecationWarning")  # from within transformers
def test_transformers_reads_the_same_ids_from_either_form(folder, tmp_path):
    transformers = pytest.importorskip("transformers")
    for name in ("vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    rng = np.random.default_rng(4)
    prompts = [random_caption(scene, rng) for scene in random_scenes(100, 6, keep_out=True)] + ODD
    ours = token_ids(Tokenizer.from_file(str(folder / "tokenizer.json")), prompts)
    for at in (folder, tmp_path):
        theirs = transformers.CLIPTokenizer.from_pretrained(at)
        ids = theirs(prompts, padding="max_length", max_length=LENGTH, truncation=True).input_ids
        assert np.array_equal(np.array(ids), ours)
