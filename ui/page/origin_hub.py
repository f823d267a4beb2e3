"""A model to optimize that is on the Hugging Face Hub, which is asked nothing here: the job does that."""

from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest
from runtime.hub_id import VARIANTS, require_hub_id, require_revision
from ui.installed import install_bytes
from ui.jobs.command_plan import HUB
from ui.jobs.token import check_token
from ui.page.amounts import note_html, size_words, table_html
from ui.page.long_job import QUIET
from ui.page.origin import Chosen
from ui.starter_models import STARTERS, Starter, starter

if TYPE_CHECKING:
    from ui.page.page import Page

TAB = "optimize"
USUAL = ""  # the variant of the weights that a repository has without saying so


class HubOrigin:
    """Its fields, drawn where `draw` is called; the token goes to `token_of` alone, by the start button."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def draw(self) -> None:
        """Draw the fields."""
        say = self.page.say
        self.hub = gr.Dropdown(
            choices=[row.id for row in STARTERS],
            value=STARTERS[0].id,
            allow_custom_value=True,
            label=say("origins.hub"),
            info=say("origins.hub_info"),
            elem_id=f"{TAB}-hub",
        )
        warning = "" if self.page.may_name_folders else f" {say('origins.token_unencrypted')}"
        self.token = gr.Textbox(
            label=say("origins.token"),
            info=f"{say('origins.token_info')}{warning}",
            type="password",
            max_lines=1,
            html_attributes=gr.InputHTMLAttributes(autocomplete="off", spellcheck=False),
            elem_id=f"{TAB}-token",
        )
        with gr.Accordion(say("origins.more"), open=False, elem_id=f"{TAB}-hub-more"):
            self.revision = gr.Textbox(
                label=say("origins.revision"),
                info=say("origins.revision_info"),
                max_lines=1,
                elem_id=f"{TAB}-revision",
            )
            self.variant = gr.Radio(
                choices=[
                    (say("origins.variant.usual"), USUAL),
                    *((say(f"origins.variant.{name}"), name) for name in VARIANTS),
                ],
                value=STARTERS[0].variant or USUAL,
                label=say("origins.variant"),
                elem_id=f"{TAB}-variant",
            )

    @property
    def inputs(self) -> list[Any]:
        """What `choose` takes the values of."""
        return [self.hub, self.revision, self.variant]

    @property
    def changes(self) -> list[Any]:
        """The events after which another model is chosen."""
        return [self.hub.change, self.revision.blur, self.variant.input]

    def connect(self) -> None:
        """Let a model of the list bring its variant along."""
        self.hub.input(_variant, self.hub, self.variant, queue=False, **QUIET)

    def choose(self, repository: str | None, revision: str | None, variant: str | None) -> Chosen:
        """Return what is chosen; raises InvalidRequest for what can be no id and no revision."""
        repository, revision = (repository or "").strip(), (revision or "").strip()
        if not repository:
            raise InvalidRequest(self.page.say("origins.no_hub"))
        body: dict[str, Any] = {"origin": HUB, "source": require_hub_id(repository)}
        if revision:
            body["revision"] = require_revision(revision)
        if variant:
            body["variant"] = variant
        known = starter(repository)
        is_ready = known is not None and known.is_ready
        return Chosen(name=repository, body=body, needs=None, is_as_named=is_ready)

    def token_of(self, typed: str | None) -> str:
        """Return the token to be used, "" for none; raises InvalidRequest."""
        return check_token(typed) if typed and typed.strip() else ""

    def needs_html(self, chosen: Chosen, cpu_pytorch: bool) -> str:
        """Return what is known before the Hub is asked, and what will be asked first."""
        say = self.page.say
        known = starter(str(chosen.body["source"]))
        shown = f'<h3 class="ld-heading">{escape(say("optimize.needs"))}</h3>'
        shown += self._table(known) if known is not None else ""
        shown += note_html(say("origins.needs_hub"))
        kept, _ = install_bytes(TAB, cpu_pytorch=cpu_pytorch)
        if kept and not chosen.is_as_named:
            shown += note_html(say("origins.needs.pytorch", size=size_words(kept)))
        return shown

    def _table(self, row: Starter) -> str:
        say = self.page.say
        kind = [row.family, say("origins.needs.ready" if row.is_ready else "origins.needs.converted")]
        kind += [say("origins.needs.quick")] if row.is_quick else []
        kind += [say("origins.needs.int8")] if row.is_int8 else []
        rows = [
            (say("origins.needs.what"), ", ".join(kind), ""),
            (say("origins.needs.license"), row.license, say("origins.needs.license_read")),
            (say("origins.needs.download"), size_words(row.gigabytes * 1e9), ""),
        ]
        for key, size in (
            (say("origins.needs.picture"), row.memory_gigabytes),
            (say("origins.needs.converting"), row.converting_gigabytes),
        ):
            rows += [(key, size_words(size * 1e9), "")] if size is not None else []
        return table_html(("", "", ""), rows, caption=say("optimize.needs"))


def _variant(repository: str | None) -> Any:
    known = starter((repository or "").strip())
    return gr.skip() if known is None else known.variant or USUAL
