"""The form that every picture tab has: prompt, model and device, sampler, steps, size, count, seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from runtime.errors import InvalidRequest
from runtime.request import BOUNDS, RANDOM_SEED
from runtime.schedulers.tables import find_sampler, find_schedule
from ui.page.form_checks import LABELS, check_number, check_prompt, check_side, label_of
from ui.page.form_choices import OWN, own_amounts, sampler_choices, schedule_choices
from ui.page.pickers import ModelPicker, split_choice
from ui.page.prompt_fields import PROMPTS, PromptFields, token_line
from ui.page.size_fields import SizeFields
from ui.page.sizes import OWN as OWN_SIZE
from ui.page.speed_fields import SpeedFields
from ui.task_choice import TASKS

if TYPE_CHECKING:
    from ui.page.page import Page

STEPS_SHOWN = 150  # where the slider ends; a request takes more
GUIDANCE_SHOWN = 30
AMOUNTS = ("num_inference_steps", "guidance_scale")
SLIDERS = ((AMOUNTS[0], 1, STEPS_SHOWN, 1), (AMOUNTS[1], 0, GUIDANCE_SHOWN, 0.5))
NUMBERS = (*AMOUNTS, "clip_skip", "width", "height", "count", "seed")
Update = dict[str, Any]
Updates = dict[Any, Any]  # component -> what it becomes


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a form says: a model on a device, and the fields of a request that are given."""

    model: str
    device: str
    fields: dict[str, Any]


class GenerationForm:
    """The pieces of one tab's form; `prompts` and `settings` draw them where they are called, in that order.

    `size` "own" starts at the model's size, "picture" leaves it to the picture, None offers none.
    """

    def __init__(self, page: "Page", tab: str, task: str, *, size: str | None = OWN_SIZE) -> None:
        self.page = page
        self.tab = tab
        self.task = task
        side = TASKS[task].kind.side
        self.size = SizeFields(page, tab, side, size) if size is not None else None
        self._prompts = PromptFields(page, tab)
        self.has_prompt = task != "unconditional"
        self.speed = SpeedFields(page, tab, guided=self.has_prompt)
        self.by_name: dict[str, Any] = {}
        self.seed_random: Any = None
        self.seed_reuse: Any = None

    # Drawing

    def prompts(self) -> None:
        """Draw the prompt and the negative prompt, each with its counter."""
        if not self.has_prompt:
            return
        self.by_name |= self._prompts.draw_prompts()

    def settings(self) -> None:
        """Draw everything else, and connect it."""
        say, tab = self.page.say, self.tab
        self.picker = ModelPicker(self.page, tab, self.task)
        self.by_name["model"] = self.picker.component
        model, _ = split_choice(self.picker.component.value)
        own = self.page.shelf.defaults(model)
        for name in (name for name in PROMPTS if name in self.by_name):
            self.by_name[f"{name}_tokens"].value = token_line(self.page, model, "")
        with gr.Row(elem_id=f"{tab}-sampling"):
            self.by_name["sampler"] = gr.Dropdown(
                choices=sampler_choices(self.page, model),
                value=OWN,
                label=say("form.sampler"),
                info=say("form.sampler_info"),
                elem_id=f"{tab}-sampler",
            )
            self.by_name["schedule"] = gr.Dropdown(
                choices=schedule_choices(self.page, model, OWN),
                value=OWN,
                label=say("form.schedule"),
                info=say("form.schedule_info"),
                elem_id=f"{tab}-schedule",
            )
        for name, low, top, step in SLIDERS[: 2 if self.has_prompt else 1]:
            self.by_name[name] = gr.Slider(
                low,
                top,
                value=getattr(own, name),
                step=step,
                label=label_of(self.page, name),
                info=say(f"form.{LABELS[name]}_info"),
                buttons=[],
                elem_id=f"{tab}-{LABELS[name]}",
            )
        if self.has_prompt:
            self.by_name |= self._prompts.draw_clip_skip() | self._prompts.draw_checker()
        self.by_name |= self.speed.draw(model)
        if self.size is not None:
            self.by_name |= self.size.draw(model)
        self._draw_seed()
        self._connect()

    def _draw_seed(self) -> None:
        say, tab = self.page.say, self.tab
        with gr.Row(elem_id=f"{tab}-seeds"):
            self.by_name["count"] = gr.Number(
                value=1,
                label=say("form.count"),
                info=say("form.count_info"),
                min_width=100,
                elem_id=f"{tab}-count",
            )
            self.by_name["seed"] = gr.Number(
                value=RANDOM_SEED,
                label=say("form.seed"),
                info=say("form.seed_info"),
                min_width=160,
                elem_id=f"{tab}-seed",
            )
        with gr.Row(elem_id=f"{tab}-seed-buttons"):
            self.seed_random = gr.Button(
                say("form.seed_random"), size="sm", min_width=100, elem_id=f"{tab}-seed-random"
            )
            self.seed_reuse = gr.Button(
                say("form.seed_reuse"), size="sm", min_width=100, elem_id=f"{tab}-seed-reuse"
            )

    # What it holds

    @property
    def components(self) -> list[Any]:
        """The inputs of a handler, in the order that `fields` and `answer` take their values."""
        return [self.by_name[name] for name in self.names]

    @property
    def names(self) -> list[str]:
        """What `components` hold."""
        return [name for name in self.by_name if not name.endswith("_tokens")]

    @property
    def outputs(self) -> list[Any]:
        """Every component that `receive` and `refresh` may change."""
        return list(self.by_name.values())

    def answer(self, values: Sequence[Any]) -> Answer:
        """Return what the values of `components` say; raises InvalidRequest in the page's language."""
        model, device = split_choice(dict(zip(self.names, values, strict=True))["model"])
        if not model:
            raise InvalidRequest(self.page.say("common.model_none"))
        return Answer(model=model, device=device, fields=self.fields(values))

    def fields(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the fields of a request; what is left to the model or the picture is left out.

        Raises InvalidRequest, in the page's language, for what can be seen to be wrong.
        """
        given = dict(zip(self.names, values, strict=True))
        model, _ = split_choice(given.pop("model"))
        given.pop("preset", None)
        fields: dict[str, Any] = self.speed.fields(given)
        for name in PROMPTS:
            if name in given:
                fields[name] = check_prompt(self.page, model, name, given[name] or "")
        for name in ("sampler", "schedule"):
            if given[name] not in (None, OWN):
                fields[name] = given[name]
        side = TASKS[self.task].kind.side
        for name in (name for name in NUMBERS if name in given):
            if name in ("width", "height"):
                if given[name]:  # empty, or 0 as Gradio shows it: the picture's own
                    fields[name] = check_side(self.page, name, given[name], side)
            else:
                fields[name] = check_number(self.page, label_of(self.page, name), given[name], BOUNDS[name])
        if given.get("safety_checker") is False:
            fields["safety_checker"] = False
        if fields.get("clip_skip") == 1:  # as everybody has it
            del fields["clip_skip"]
        return {name: value for name, value in fields.items() if name in TASKS[self.task].fields}

    def receive(self, fields: Mapping[str, Any], choice: str | None = None) -> Updates:
        """Return the updates that put fields into the form; what is not among them stays as it is.

        `choice` is a model's name, or "model|device"; a model that cannot do the task is passed over.
        """
        updates: Updates = {}
        for name in PROMPTS:
            if name in fields and name in self.by_name:
                updates[self.by_name[name]] = gr.update(value=fields[name])
        model = split_choice(self.picker.component.value)[0]
        if choice and self.picker.offers(choice):
            updates[self.by_name["model"]] = self.picker.choose(choice if "|" in choice else f"{choice}|")
            model = split_choice(updates[self.by_name["model"]]["value"])[0]
        if "sampler" in fields or "schedule" in fields:
            updates |= self._receive_sampler(fields, model)
        for name, shown in (("num_inference_steps", STEPS_SHOWN), ("guidance_scale", GUIDANCE_SHOWN)):
            if name in fields and name in self.by_name:
                top = max(shown, fields[name])
                updates[self.by_name[name]] = gr.update(value=fields[name], maximum=top)
        if "clip_skip" in self.by_name and ("clip_skip" in fields or "num_inference_steps" in fields):
            # What tells the steps and not this has it at 1.
            updates[self.by_name["clip_skip"]] = gr.update(value=fields.get("clip_skip", 1))
        for name in ("count", "seed"):
            if name in fields:
                updates[self.by_name[name]] = gr.update(value=fields[name])
        if self.size is not None:
            updates |= self.size.receive(fields, model)
        return updates | self.speed.receive(fields)

    def _receive_sampler(self, fields: Mapping[str, Any], model: str) -> Updates:
        """A1111 writes "DPM++ 2M Karras" as one name; names that only other programs know are passed over."""
        sampler, schedule = OWN, OWN
        try:
            if fields.get("sampler"):
                kind, named = find_sampler(fields["sampler"])
                sampler, schedule = kind.name, named.name if named else OWN
            if fields.get("schedule"):
                schedule = find_schedule(fields["schedule"]).name
        except InvalidRequest:  # the model's own is the nearest to what is not known here
            schedule = OWN
        choices = schedule_choices(self.page, model, sampler)
        if schedule not in [value for _, value in choices]:
            schedule = OWN
        return {
            self.by_name["sampler"]: gr.update(value=sampler),
            self.by_name["schedule"]: gr.update(choices=choices, value=schedule),
        }

    # Events

    def _connect(self) -> None:
        parts = self.by_name
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
        model, sampler, schedule = parts["model"], parts["sampler"], parts["schedule"]
        self.seed_random.click(lambda: RANDOM_SEED, None, parts["seed"], **quiet)
        # Of the person alone: what is sent to the form brings its schedule along, which this would undo.
        sampler.input(self._follow_sampler, [model, sampler, schedule], schedule, **quiet)
        self.speed.connect(model)
        changed = [model, sampler, schedule]
        if self.size is not None:
            self.size.connect(model)
            changed += [parts["preset"], parts["width"], parts["height"]]
        self._prompts.connect(parts, quiet)
        model.change(self._follow_model, changed, changed, **quiet)
        amounts = [parts[name] for name in AMOUNTS if name in parts]
        model.input(self._follow_defaults, [model, *amounts], amounts, **quiet)

    def _follow_sampler(self, choice: str, sampler: str, schedule: str) -> Update:
        choices = schedule_choices(self.page, split_choice(choice)[0], sampler)
        known = schedule in [value for _, value in choices]
        update: Update = gr.update(choices=choices) if known else gr.update(choices=choices, value=OWN)
        return update

    def _follow_defaults(self, choice: str, *amounts: int | float) -> list[Any]:
        """Give steps and guidance that nobody changed the values that the chosen model wants."""
        names = [name for name in AMOUNTS if name in self.by_name]
        given = dict(zip(names, amounts, strict=True))
        wanted = own_amounts(self.page, split_choice(choice)[0], given)
        return [gr.update(value=wanted[name]) for name in names]

    def _follow_model(self, choice: str, sampler: str, schedule: str, *size: Any) -> list[Any]:
        model = split_choice(choice)[0]
        updates = [
            gr.update(info=self.picker.hint(choice)),
            gr.update(choices=sampler_choices(self.page, model)),
            self._follow_sampler(choice, sampler, schedule),
        ]
        return updates + (self.size.follow_model(model, *size) if self.size is not None else [])
