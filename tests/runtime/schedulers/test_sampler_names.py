"""The names that samplers and schedules go by."""

import pytest
from scheduler_parity import COUNTERPARTS, STABLE_DIFFUSION

from runtime.errors import InvalidRequest
from runtime.schedulers import SAMPLERS, SCHEDULES, choose_sampler


@pytest.mark.parametrize("kind", SAMPLERS, ids=lambda kind: kind.name)
def test_a_sampler_answers_to_all_its_names_in_any_case(kind: object) -> None:
    for name in (kind.name, *kind.aliases):
        for spelling in (name, name.upper(), name.lower(), name.replace(" ", "_"), f" {name} "):
            assert choose_sampler(spelling, None, STABLE_DIFFUSION).sampler == kind.name


@pytest.mark.parametrize("sampler", COUNTERPARTS)
def test_a_sampler_answers_to_its_class_in_diffusers(sampler: str) -> None:
    name, options = COUNTERPARTS[sampler]
    if not options:
        assert choose_sampler(name, None, STABLE_DIFFUSION).sampler == sampler
        assert choose_sampler(None, None, {"_class_name": name}).sampler == sampler


@pytest.mark.parametrize(
    ("asked", "sampler", "schedule"),
    [
        ("DPM++ 2M Karras", "DPM++ 2M", "Karras"),
        ("dpmpp_2m_sde_karras", "DPM++ 2M SDE", "Karras"),
        ("DPM++ SDE Exponential", "DPM++ SDE", "Exponential"),
        ("euler_a", "Euler a", "Automatic"),
        ("k_dpm_2_ancestral", "DPM2 a", "Automatic"),
        ("LMS Karras", "LMS", "Karras"),
        ("Euler SGM Uniform", "Euler", "Trailing"),
        ("plms", "PLMS", "Automatic"),
        ("DDIM trailing", "DDIM", "Trailing"),
    ],
)
def test_a_combined_spelling_names_both(asked: str, sampler: str, schedule: str) -> None:
    choice = choose_sampler(asked, None, STABLE_DIFFUSION)
    assert (choice.sampler, choice.schedule) == (sampler, schedule)
    assert choose_sampler(asked, schedule.lower(), STABLE_DIFFUSION) == choice


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.name)
def test_every_sampler_has_a_schedule_or_says_which_it_has(schedule: object) -> None:
    for kind in SAMPLERS:
        if schedule.name in kind.schedules:
            assert choose_sampler(kind.name, schedule.name, STABLE_DIFFUSION).schedule == schedule.name
        else:
            with pytest.raises(InvalidRequest, match=f"{schedule.name}: choose Automatic or Trailing"):
                choose_sampler(kind.name, schedule.name, STABLE_DIFFUSION)


def test_an_unknown_sampler_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidRequest, match=r"'DPM adaptive': choose one of Euler, Euler a, .*, LCM"):
        choose_sampler("DPM adaptive", None, STABLE_DIFFUSION)
    with pytest.raises(InvalidRequest, match=r"'FlowMatchEulerDiscreteScheduler': choose one of"):
        choose_sampler(None, None, {"_class_name": "FlowMatchEulerDiscreteScheduler"})


def test_an_unknown_schedule_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidRequest, match="'polyexponential': choose one of Automatic, Karras"):
        choose_sampler("Euler", "polyexponential", STABLE_DIFFUSION)


def test_two_schedules_contradict_each_other() -> None:
    with pytest.raises(InvalidRequest, match="'DPM\\+\\+ 2M Karras' names a schedule"):
        choose_sampler("DPM++ 2M Karras", "Exponential", STABLE_DIFFUSION)


def test_names_are_unique() -> None:
    for rows in (SAMPLERS, SCHEDULES):
        names = [name.casefold() for row in rows for name in (row.name, *row.aliases)]
        assert len(names) == len(set(names))
