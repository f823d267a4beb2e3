"""History: the list, the chosen picture, its text, and what can be done with it."""

from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fake_engine import MakePage
from PIL import Image

from runtime.image_files import save_png
from ui.page.page import Page
from ui.page.picture_details import said_by, said_html, said_in
from ui.page.send import Sent
from ui.page.tabs.history import History
from ui.thumbnails import UNREADABLE

LINE = (
    "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: {seed}, Size: 128x128, "
    "Model: demo-scenes, RNG: CPU, Version: Lapdraw 0.1.0"
)
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> {{constructor}} ${alert(3)} `x` \\u003c &lt;"
)


@pytest.fixture
def home(make_page: MakePage) -> Page:
    home = make_page()
    home.tabs, home.tab = gr.Tabs(), gr.Tab()
    return home


@pytest.fixture
def history(home: Page) -> History:
    """The tab, drawn and connected."""
    history = History(home)
    history.draw_list()
    history.draw_chosen()
    history.connect(home.tab)
    return history


def add(
    home: Page, prompt: str, *, task: str = "text-to-image", seed: int = 1, day: str = "2026-01-02"
) -> Path:
    """Save a picture as a job would."""
    path = home.outputs / f"{task}-images" / day / f"{seed:05d}-{seed}.png"
    save_png(Image.new("RGB", (128, 128), (seed % 256, 80, 80)), path, f"{prompt}\n{LINE.format(seed=seed)}")
    return path


def read(
    history: History, search: str = "", task: str = "", day: str = "", number: int = 1
) -> dict[str, Any]:
    """Return what opening the tab shows."""
    shown, where, names, number, newer, older, tasks, days = history._read(search, task, day, number)
    return {
        "pictures": shown["value"],
        "is_shown": shown["visible"],
        "where": where,
        "names": names,
        "number": number,
        "turns": (newer["interactive"], older["interactive"]),
        "tasks": tasks["choices"],
        "days": days["choices"],
        "chosen": (tasks["value"], days["value"]),
    }


def choose(history: History, names: list[str], index: int) -> list[Any]:
    return history._choose(names, gr.SelectData(None, {"index": index, "value": None}))


def test_before_the_first_picture_a_sentence_says_so(history: History) -> None:
    shown = read(history)
    assert "There are no pictures yet" in shown["where"]
    assert not shown["is_shown"]
    assert shown["turns"] == (False, False)


def test_the_list_is_newest_first_with_thumbnails_and_pages(home: Page, history: History) -> None:
    for seed in range(30):
        add(home, f"picture number {seed}", seed=seed, day=f"2026-01-{1 + seed:02d}")
    shown = read(history)
    assert "30 pictures, page 1 of 2" in shown["where"]
    assert len(shown["names"]) == 24
    assert shown["names"][0].endswith("2026-01-30/00029-29.png")
    assert shown["turns"] == (False, True)
    turned = history._turn(1)("", "", "", shown["number"])
    assert turned[2][-1].endswith("2026-01-01/00000-0.png")
    assert "page 2 of 2" in turned[1]
    assert shown["days"][1] == ("2026-01-30 (1)", "2026-01-30")


def test_filters_narrow_the_list_and_vanish_with_their_pictures(home: Page, history: History) -> None:
    add(home, "a red house", seed=1)
    last = add(home, "a boat", task="upscale", seed=2)
    assert [len(read(history, search=text)["names"]) for text in ("HOUSE", "red boat", "")] == [1, 0, 2]
    assert "No picture has all these words" in read(history, search="zebra")["where"]
    shown = read(history, task="upscale", day="2026-01-02")
    assert "1 picture" in shown["where"]
    assert shown["tasks"][1:] == [("Text to image (1)", "text-to-image"), ("Upscale (1)", "upscale")]
    last.unlink()
    shown = read(history, task="upscale")
    assert shown["chosen"] == ("", "")
    assert len(shown["names"]) == 1


def test_a_chosen_picture_is_shown_with_its_text_in_parts(home: Page, history: History) -> None:
    path = add(home, "a red house\nNegative prompt: fog")
    names = read(history)["names"]
    chosen, note, box, picture, download, sure, prompt, negative, table = choose(history, names, 0)
    assert chosen == names[0]
    assert chosen in note
    assert box["visible"]
    assert not sure["visible"]
    assert Path(picture) == path  # the file itself: its text stays in it
    assert Path(download["value"]) == path
    assert (prompt["value"], negative["value"]) == ("a red house", "fog")
    assert "<td>DPM++ 2M</td>" in table
    assert "demo-scenes" in table


def test_a_picture_that_vanished_is_said(home: Page, history: History) -> None:
    path = add(home, "a house")
    names = read(history)["names"]
    path.unlink()
    chosen, note, box, *_ = choose(history, names, 0)
    assert chosen == ""
    assert "00001-1.png is no longer there" in note
    assert not box["visible"]
    assert choose(history, names, 7)[0] == ""
    assert history._sent(names[0]) is None
    assert history._said(names[0]) is None


def test_damaged_pictures_are_listed_with_a_sign(home: Page, history: History) -> None:
    whole = add(home, "a house").read_bytes()
    (home.outputs / "half.png").write_bytes(whole[:200])
    (home.outputs / "other.png").write_bytes(b"no picture")
    shown = read(history)
    assert sorted(Path(name).name for name in shown["names"]) == ["00001-1.png", "half.png"]
    entry = history.gallery.find("half.png")
    assert entry is not None
    assert history.thumbnails.of(entry.path, entry.version).name == UNREADABLE
    assert choose(history, ["half.png"], 0)[0] == "half.png"


def test_only_pictures_of_the_list_are_sent_shown_or_deleted(home: Page, history: History) -> None:
    secret = home.data / "secret.png"
    secret.write_bytes(add(home, "a house").read_bytes())
    read(history)
    for name in ("../secret.png", str(secret)):
        assert history._sent(name) is None
        assert choose(history, [name], 0)[0] == ""
        history._delete(name, "", "", "", 1)
    assert secret.is_file()


def test_deleting_asks_first_and_then_deletes(home: Page, history: History) -> None:
    path = add(home, "a house")
    (name,) = read(history)["names"]
    sure, question = history._ask(name)
    assert sure["visible"]
    assert "Delete 00001-1.png from the disk?" in question
    assert path.is_file()
    note, box, _, where, *_ = history._delete(name, "", "", "", 1)
    assert "00001-1.png is deleted" in note
    assert not box["visible"]
    assert not path.exists()
    assert "There are no pictures yet" in where


def test_settings_go_back_into_the_form_of_their_task(home: Page, history: History) -> None:
    add(home, "a red house", task="outpaint", seed=5)
    (home.outputs / "plain.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    names = read(history)["names"]
    got: list[Sent] = []
    form = gr.Textbox()

    def receive(sent: Sent) -> dict[Any, Any]:
        got.append(sent)
        return {form: "filled"}

    home.add_receiver("inpaint", [form], receive)
    updates = history.back._send(next(name for name in names if "outpaint" in name))
    assert updates[form] == "filled"
    assert updates[home.tabs].selected == "inpaint"
    assert got[0].picture is None
    assert got[0].model == "demo-scenes"
    assert got[0].fields["prompt"] == "a red house"
    with pytest.warns(UserWarning, match="does not say how it was made"):
        assert set(history.back._send("plain.png")) == {home.tabs}
    assert len(got) == 1


def test_a_picture_is_sent_with_its_settings(home: Page, history: History) -> None:
    path = add(home, "a red house", seed=9)
    (name,) = read(history)["names"]
    sent = history._sent(name)
    assert sent is not None
    assert sent.picture == path
    assert sent.fields["seed"] == 9


@pytest.mark.parametrize("place", ["prompt", "key", "value"])
def test_hostile_texts_are_shown_as_text(home: Page, place: str) -> None:
    value = HOSTILE.replace('"', "'")
    texts = {
        "prompt": f"{value}\n{LINE.format(seed=1)}",
        "key": f"a\n{LINE.format(seed=1)}, x{{{{y}}}}<b>k</b>: 1",
        "value": f"a\n{LINE.format(seed=1)}, Evil: {value.replace(',', '')}",
    }
    html = said_html(home, said_in(home, texts[place]))
    for mark in ("<script", "<img", "<b>"):
        assert mark not in html


def test_a_picture_of_comfyui_without_the_text_is_named(home: Page) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("workflow", "{}")
    Image.new("RGB", (4, 4)).save(home.outputs / "a.png", pnginfo=info)
    assert "ComfyUI workflow" in said_html(home, said_by(home, home.outputs / "a.png"))
    Image.new("RGB", (4, 4)).save(home.outputs / "b.png")
    assert "does not say how it was made" in said_html(home, said_by(home, home.outputs / "b.png"))
