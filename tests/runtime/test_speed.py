"""Which steps are whole and which are guided, what a request may say of it, and what its text keeps."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import InvalidRequest, TextToImage
from runtime.feature_reuse import Reuse
from runtime.guidance_interval import GuidanceInterval
from runtime.infotext import infotext
from runtime.infotext_reader import read_infotext
from runtime.speed import PRESETS, Preset, StepPlan, parts_of, plan_steps

GAPS = st.integers(1, 40)
REUSES = st.one_of(
    st.none(),
    st.builds(Reuse, first=GAPS, last=GAPS),
    st.sets(st.integers(2, 60), max_size=9).map(lambda steps: Reuse(steps=(1, *sorted(steps)))),
)
SHARES = st.integers(0, 100).map(lambda share: share / 100)
INTERVALS = st.one_of(
    st.none(),
    st.tuples(SHARES, SHARES)
    .filter(lambda pair: pair[0] < pair[1])
    .map(lambda pair: GuidanceInterval(start=pair[0], end=pair[1])),
)
COUNTS = st.integers(1, 60)


@given(count=COUNTS, reuse=REUSES, interval=INTERVALS, guided=st.booleans())
def test_no_step_reuses_what_was_not_computed(
    count: int, reuse: Reuse | None, interval: GuidanceInterval | None, guided: bool
) -> None:
    plan = plan_steps(count, Preset(reuse=reuse, guidance_interval=interval), guided=guided)
    assert len(plan) == count
    assert plan[0].whole
    kept_both = False
    for step in plan:
        if step.whole:
            kept_both = step.guided
        else:
            assert not step.guided or kept_both
    assert guided or not any(step.guided for step in plan)


@given(count=COUNTS, every=GAPS)
def test_a_gap_is_the_same_all_the_way(count: int, every: int) -> None:
    whole = Reuse(first=every, last=every).whole(count)
    assert whole == tuple(number % every == 0 for number in range(count))


@given(count=st.integers(2, 60), first=GAPS, last=GAPS)
def test_gaps_go_from_the_first_to_the_last(count: int, first: int, last: int) -> None:
    whole = Reuse(first=first, last=last).whole(count)
    places = [number for number, mark in enumerate(whole) if mark]
    gaps = [after - before for before, after in pairwise(places)]
    assert all(min(first, last) <= gap <= max(first, last) for gap in gaps)
    assert gaps == sorted(gaps, reverse=first > last)
    assert not gaps or gaps[0] == first


@given(count=COUNTS, share=SHARES.filter(lambda share: 0 < share < 1))
def test_intervals_that_meet_guide_every_step_once(count: int, share: float) -> None:
    before = GuidanceInterval(start=0, end=share).guided(count)
    after = GuidanceInterval(start=share, end=1).guided(count)
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert before[0]
    assert GuidanceInterval(start=0, end=1).guided(count) == (True,) * count


@given(reuse=REUSES.filter(lambda reuse: reuse is not None), interval=INTERVALS)
def test_what_is_written_is_read_back(reuse: Reuse, interval: GuidanceInterval | None) -> None:
    assert Reuse.read(str(reuse)) == reuse
    assert interval is None or GuidanceInterval.read(str(interval)) == interval


@pytest.mark.parametrize("value", [3, "3", " 3 ", "3-3"])
def test_every_spelling_of_a_gap(value: object) -> None:
    assert Reuse.read(value) == Reuse(first=3, last=3)


@pytest.mark.parametrize("value", ["1,2,8", [1, 2, 8], (8, 1, 2), " 1, 2,8 "])
def test_every_spelling_of_named_steps(value: object) -> None:
    assert Reuse.read(value).steps == (1, 2, 8)


@pytest.mark.parametrize(
    "fields",
    [
        {"speed": "quick"},
        {"speed": 3},
        {"speed": None},
        *(
            {"reuse": value}
            for value in (0, -1, 1001, True, 2.0, "", "x", "2,3", "1,2,x", "0-3", [], [2], {})
        ),
        *(
            {"guidance_interval": value}
            for value in ("", "0", "0.5,0.5", "0.6,0.2", "0,2", [0], [0, True], 0.5)
        ),
        {"guidance_interval": [0, float("nan")]},
    ],
)
def test_what_means_nothing_is_refused_in_a_sentence(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        TextToImage(prompt="a", **fields)
    assert "\n" not in str(refused.value)


def test_a_part_that_is_named_comes_before_the_preset() -> None:
    plain = TextToImage(prompt="a", num_inference_steps=6, speed="fast", reuse=1, guidance_interval="0,1")
    assert plain.plan == (StepPlan(guided=True),) * 6
    shape = plain.resolved(width=64, height=64).shape(1)
    assert not shape.reuses
    assert not shape.halves


def test_a_preset_changes_neither_steps_nor_sampler_nor_seed() -> None:
    exact = TextToImage(prompt="a", seed=3, num_inference_steps=20, sampler="Euler a")
    for name in PRESETS:
        other = TextToImage(prompt="a", seed=3, num_inference_steps=20, sampler="Euler a", speed=name)
        assert len(other.plan) == 20
        assert {**other.as_dict(), "speed": "exact"} == exact.as_dict()
    assert all(step == StepPlan(guided=True) for step in exact.plan)


@given(steps=st.integers(1, 19), name=st.sampled_from(sorted(PRESETS)))
def test_presets_reuse_less_where_steps_go_further(steps: int, name: str) -> None:
    own = parts_of(name).reuse or Reuse()
    short = parts_of(name, steps=steps).reuse or Reuse()
    assert 1 <= short.first <= max(1, own.first * steps / 20)
    assert 1 <= short.last <= max(1, own.last * steps / 20)
    named = parts_of(name, "3", steps=steps).reuse
    assert named == Reuse(first=3, last=3)
    assert parts_of(name, steps=steps + 20) == parts_of(name)


def test_a_few_steps_are_all_whole_and_many_are_not() -> None:
    for name in PRESETS:
        few = TextToImage(prompt="a", num_inference_steps=4, speed=name)
        assert all(step.whole for step in few.plan)
    many = TextToImage(prompt="a", num_inference_steps=20, speed="balanced")
    assert sum(step.whole for step in many.plan) == 8


def test_without_guidance_an_interval_says_that_it_does_nothing() -> None:
    request = TextToImage(prompt="a", guidance_scale=1.0, guidance_interval=(0, 0.5))
    assert request.warnings == ("the guidance interval has no effect at guidance_scale 1: use more than 1",)
    assert not request.resolved(width=64, height=64).shape(1).halves


def text_of(request: TextToImage) -> str:
    return infotext(
        request,
        seed=3,
        size=(64, 64),
        sampler="DDIM",
        schedule="Automatic",
        model_name="demo",
        model_hash=None,
        extra={},
    )


def test_the_text_of_a_picture_keeps_what_was_left_out() -> None:
    assert "Speed" not in text_of(TextToImage(prompt="a"))
    text = text_of(TextToImage(prompt="a", speed="fast", reuse=[1, 2, 8], guidance_interval="0.1,0.6"))
    assert 'Speed: fast, Feature reuse: "1,2,8", Guidance interval: 0.1-0.6' in text
    fields = read_infotext(text).fields
    assert TextToImage(**{name: fields[name] for name in ("speed", "reuse", "guidance_interval")}) == (
        TextToImage(speed="fast", reuse="1,2,8", guidance_interval=(0.1, 0.6))
    )


def test_what_other_programs_mean_by_these_words_is_left_out() -> None:
    ending = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 64x64"
    told = read_infotext(f"a\n{ending}, Speed: 3 it/s, Feature reuse: yes, Guidance interval: none").fields
    assert not {"speed", "reuse", "guidance_interval"} & set(told)
    skipped = read_infotext(f"a\n{ending}, Skip Early CFG: 0.15").fields
    assert skipped["guidance_interval"] == "0.15-1"
