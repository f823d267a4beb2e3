"""The cases of every run: each value of each axis of task_table.py at least once. The rest are a campaign.

136x200 has 17x25 latents, an odd number both ways; 68x100 of an upscaler has 17x25 pixels to begin with.
"""

from dataclasses import replace

from tests.parity.task_cases import NEGATIVE, Case

# What is repainted, left, top, right, bottom: along the borders of latents, and across them.
MASKS = ((32, 40, 96, 104), (21, 35, 107, 90))
EVEN, ODD = (192, 128), (136, 200)

FEW = (
    Case(sampler="DDIM", size=EVEN, strength=0.1, guidance_scale=6.0, count=1),
    Case(sampler="Euler a", size=ODD, strength=0.5, guidance_scale=1.0, count=2),
    Case(sampler="DPM++ 2M", size=ODD, strength=1.0, guidance_scale=6.0, count=1),
)
MASKED = tuple(replace(case, mask=MASKS[case.size == ODD]) for case in FEW)

FEW_UPSCALED = (
    Case(sampler="DDIM", size=(96, 64), guidance_scale=6.0, count=1, noise_level=0),
    Case(sampler="Euler a", size=(68, 100), guidance_scale=1.0, count=2, noise_level=350),
    Case(sampler="DPM++ 2M", size=(68, 100), guidance_scale=6.0, count=1, noise_level=20),
)

# Without a negative prompt SDXL has one of zeros.
FEW_XL = (
    Case(sampler="Euler", size=EVEN, guidance_scale=6.0, count=1, negative=""),
    Case(sampler="Euler a", size=ODD, guidance_scale=1.0, count=2, negative=""),
    Case(sampler="DPM++ 2M", size=ODD, guidance_scale=6.0, count=1, negative=NEGATIVE),
)
FEW_XL_FROM_PICTURES = tuple(
    replace(case, strength=strength) for case, strength in zip(FEW_XL, (0.1, 0.5, 1.0), strict=True)
)
FEW_XL_MASKED = tuple(replace(case, mask=MASKS[case.size == ODD]) for case in FEW_XL_FROM_PICTURES)

FEW_STEPS = (
    Case(sampler="Euler Trailing", size=EVEN, guidance_scale=0.0, steps=1, count=2),
    Case(sampler="Euler a Trailing", size=ODD, guidance_scale=1.0, steps=4, count=1),
    Case(sampler="Euler Trailing", size=ODD, guidance_scale=2.0, steps=4, count=1),
)
FEW_LCM = (
    Case(sampler="LCM", size=EVEN, guidance_scale=8.5, steps=8, count=1, negative=""),
    Case(sampler="LCM", size=ODD, guidance_scale=1.0, steps=4, count=2, negative=""),
)
FEW_LCM_FROM_PICTURES = (replace(FEW_LCM[0], strength=0.5), replace(FEW_LCM[1], strength=1.0))
FEW_PLAIN = {
    name: (Case(sampler=name, size=(32, 48), count=2), Case(sampler=name, size=(40, 24), count=1))
    for name in ("DDPM", "DDIM")
}
