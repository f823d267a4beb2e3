"""The tabs of models on a page without a server, and what they are given."""

from typing import Any

import gradio as gr
from fake_engine import FakeEngine, MakePage
from tab_driver import TabDriver

from runtime.places import BUNDLED_SOURCES
from ui.jobs import JobSpec
from ui.page.page import Page

DEMO = "bundled:demo-scenes"
EVIL = """<script>alert("x")</script>'"><img src=x onerror=alert(1)>"""
ERRORS = {"unet": {"fp16": 4.0e-4, "fp32": 1.2e-6}, "text_encoder": {"fp16": 6e-7, "fp32": 6e-7}}


def driver(make_page: MakePage, module: str, **changes: Any) -> TabDriver:
    page = make_page(**changes)
    page.may_name_folders = changes.get("may_name_folders", True)
    page.facts = gr.HTML()
    with gr.Tabs() as page.tabs, gr.Tab("drawn") as page.tab:
        return TabDriver(page, module)


def optimized(engine: FakeEngine, page: Page, name: str, **result: Any) -> Any:
    source = str(BUNDLED_SOURCES / "demo-scenes")
    body = {"source": source, "precision": "fp16", "name": name}
    job = engine.submit(JobSpec(kind="optimize", title=name, body=body))
    answer = {"path": str(page.data / "models" / name), "precision": "fp16", "errors": ERRORS, **result}
    return engine.tell(job.id, state="done", started=1.0, finished=32.0, results=(answer,))


def handler(tab: TabDriver, name: str) -> Any:
    """What a click calls first."""
    target = tab._find(name)
    return next(e.fn for e in tab.page.demo.fns.values() if (target._id, "click") in e.targets)
