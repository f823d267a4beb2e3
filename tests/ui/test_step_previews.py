"""What is saved on the way to a picture."""

from pathlib import Path

import numpy as np

from tests.ui.conftest import PROMPT, Generate, pixels

SCENES = ("--model", "demo-scenes", "--seed", 2)


def names(made: list[dict[str, list[str]]]) -> list[str]:
    return [Path(path).name for path in made[0]["previews"]]


def test_both_views_of_every_nth_step_and_of_the_last(generate: Generate, tmp_path: Path) -> None:
    made = generate(PROMPT, *SCENES, "--steps", 5, "--save-steps", 2, "-o", tmp_path / "a.png")
    assert names(made) == [f"a-step{n:03d}-{view}.png" for n in (2, 4, 5) for view in ("latent", "decoded")]
    assert len(list(tmp_path.iterdir())) == 7
    latent = pixels(tmp_path / "a-step002-latent.png")
    assert latent.shape == (128, 128, 3)
    blocks = latent.reshape(16, 8, 16, 8, 3)
    assert (blocks == blocks[:, :1, :, :1]).all()
    assert len(np.unique(blocks[:, 0, :, 0].reshape(-1, 3), axis=0)) > 100
    final = pixels(tmp_path / "a.png")
    distance = [np.abs(pixels(tmp_path / f"a-step{n:03d}-decoded.png") - final).mean() for n in (2, 4, 5)]
    assert distance[0] > distance[1] > distance[2]
    assert distance[2] < 1


def test_previews_change_nothing_and_stand_beside_the_first_of_each_batch(
    generate: Generate, tmp_path: Path
) -> None:
    given = ("a tree", *SCENES, "--steps", 2, "--count", 3, "--batch-size", 2)
    generate(*given, "-o", f"{tmp_path}/plain/")
    made = generate(*given, "--save-steps", 9, "-o", f"{tmp_path}/watched/")
    assert names(made) == [
        f"{number}-step002-{view}.png" for number in ("00000-2", "00002-4") for view in ("latent", "decoded")
    ]
    for path in (tmp_path / "plain").iterdir():
        assert (pixels(path) == pixels(tmp_path / "watched" / path.name)).all()


def test_steps_are_counted_over_all_pieces_and_views_have_the_size_of_the_picture(
    generate: Generate, house: Path, tmp_path: Path
) -> None:
    given = ("--image", house, *SCENES, "--steps", 2, "--save-steps", 2)
    made = generate(*given, "--extend", "left=200", "-o", tmp_path / "wide.png")
    pieces = len(made[0]["timings"]["steps"]) // 2
    assert pieces > 1
    assert names(made)[::2] == [f"wide-step{2 * n:03d}-latent.png" for n in range(1, pieces + 1)]
    assert pixels(tmp_path / "wide-step002-decoded.png").shape == (128, 192, 3)  # a piece
    made = generate(*given, "--width", 100, "--height", 75, "-o", tmp_path / "odd.png")
    assert {pixels(path).shape for path in [*made[0]["previews"], tmp_path / "odd.png"]} == {(75, 100, 3)}
