"""What a browser, or a program in its place, sends to the picture controls, through Gradio's own routes."""

import asyncio
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import PIL.Image
import pytest
from fake_engine import FakeEngine
from gradio import processing_utils
from gradio.data_classes import ImageData

from tests.runtime.hostile_pictures import bomb_of
from ui.page.page import Page
from ui.page.tabs import inpaint
from ui.settings import SettingsFile
from ui.web.gradio_pages import mount

META = {"_type": "gradio.FileData"}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What Pillow was asked to open."""
    asked: list[object] = []
    really_open = PIL.Image.open

    def noted(file: Any, *rest: Any, **options: Any) -> PIL.Image.Image:
        asked.append(file)
        return really_open(file, *rest, **options)

    monkeypatch.setattr(PIL.Image, "open", noted)
    return asked


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Gradio keeps what is uploaded."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    return tmp_path / "uploads"


class Served:
    """The tab Inpaint behind Gradio's routes."""

    def __init__(self, blocks: gr.Blocks) -> None:
        self.blocks = blocks
        transport = httpx.ASGITransport(app=mount(blocks, "en", 7860, {}), raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860")
        self._loop = asyncio.new_event_loop()

    def ask(self, method: str, path: str, **what: Any) -> httpx.Response:
        """Send a request."""
        return self._loop.run_until_complete(self._client.request(method, path, **what))

    def upload(self, name: str, content: bytes) -> str:
        """Send a file; return where Gradio put it."""
        answer = self.ask("POST", "/en/gradio_api/upload", files={"files": (name, content, "image/png")})
        assert answer.status_code == 200, answer.text
        (path,) = answer.json()
        return str(path)

    def call(self, elem_id: str, trigger: str, path: str) -> httpx.Response:
        """Fire an event whose only input is the file."""
        (control,) = [block for block in self.blocks.blocks.values() if block.elem_id == elem_id]
        (event,) = [e for e in self.blocks.fns.values() if (control._id, trigger) in e.targets[:1]]
        body = {"fn_index": event._id, "session_hash": "a", "data": [{"path": path, "meta": META}]}
        return self.ask("POST", "/en/gradio_api/run/predict", json=body)


@pytest.fixture
def served(uploads: Path, tmp_path: Path) -> Served:
    engine: Any = FakeEngine()
    with gr.Blocks(analytics_enabled=False) as blocks:
        page = Page(engine, tmp_path, SettingsFile(tmp_path), "en", may_name_folders=True)
        page.demo = blocks
        page.outputs.mkdir()
        inpaint.build(page)
    return Served(blocks)


def test_a_bomb_is_refused_before_anything_opens_it(served: Served, opened: list[object]) -> None:
    path = served.upload("holiday.png", bomb_of(65535, 65535))
    answer = served.call("inpaint-picture", "upload", path)
    assert answer.status_code == 200
    assert "holiday.png has 65535x65535 pixels, more than the 64 megapixels that are read" in answer.text
    assert served.call("inpaint-mask", "upload", path).status_code == 200
    assert opened == []
    with pytest.raises(PIL.Image.DecompressionBombError):  # what Gradio's own control does
        gr.Image(type="filepath", image_mode=None).preprocess(ImageData(path=path))
    assert len(opened) == 1


def test_a_file_that_was_not_uploaded_is_not_read(served: Served, uploads: Path, tmp_path: Path) -> None:
    secret = tmp_path / "diary.png"
    PIL.Image.new("RGB", (64, 64)).save(secret)
    before = sorted(uploads.rglob("*"))
    for checks in (True, False):  # ours stands by itself
        served.blocks.has_launched = checks
        answer = served.call("inpaint-picture", "upload", str(secret))
        assert answer.status_code == 500
        assert "64 × 64" not in answer.text
    assert sorted(uploads.rglob("*")) == before


def test_no_address_is_fetched(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    async def fetch(url: str, cache_dir: str) -> str:
        fetched.append(url)
        return url

    monkeypatch.setattr(processing_utils, "async_ssrf_protected_download", fetch)
    for address in ("http://127.0.0.1:9/a.png", "https://example.org/a.png"):
        assert served.call("inpaint-picture", "upload", address).status_code == 500
    assert fetched == []


def test_a_picture_that_was_uploaded_is_there_to_be_painted_on(served: Served, tmp_path: Path) -> None:
    PIL.Image.new("RGB", (64, 48), (200, 10, 10)).save(tmp_path / "red.png")
    path = served.upload("red.png", (tmp_path / "red.png").read_bytes())
    answer = served.call("inpaint-picture", "upload", path)
    assert "64 × 48 pixels" in answer.json()["data"][1]
    (editor,) = [item for item in answer.json()["data"] if isinstance(item, dict) and "background" in item]
    shown = served.ask("GET", editor["background"]["url"])
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/png"
