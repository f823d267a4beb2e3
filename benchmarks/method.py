"""How a run is measured and what a report's words mean, as every report says it."""

METHOD = (
    "Every sample is one process that makes one picture and ends; the rows take turns, round after "
    "round, so that what slows the machine for a while slows all of them.",
    "A figure is the median of its samples with a warm cache, with the lowest and the highest of them "
    "beneath; ratios are medians of the ratios within a round.",
    "Cold means that nothing compiled is kept from before, warm that what the program itself keeps is "
    "there. The operating system's cache of files is warm in both.",
    "Process start is from the start of the process until its libraries are imported; load, from "
    "there until every network is compiled; the first step includes the encoding of the prompt; the "
    "steady step is the median of the steps after the first; VAE decode ends with the picture's "
    "pixels in memory.",
    "Computed, from its parts: where not all steps were run, the picture's time is process start, load "
    "(warm), first step, the remaining steps at the steady step's time, and VAE decode added up.",
    "Peak memory is the resident memory of the process and all its children, at its highest. Energy "
    "comes from the machine's own counters, and is not available where they cannot be read.",
    "Achieved GFLOPS are the multiplications and additions of one guided step over the steady step's "
    "time; the peak is the fastest matrix product that the same machine did in that precision, before "
    "the first round.",
    "PSNR compares the 8-bit picture with that of plain PyTorch in f32 from the same initial latents.",
    "Pictures an hour counts first step, further steps and decode, with the model kept loaded; the "
    "price of the machine's hour is divided by it.",
)
SPEED_ONLY_NOTE = (
    "Speed only: random weights. The model has the full architecture, but nobody trained it: its pictures "
    "show nothing, and PSNR compares arithmetic, not what a picture looks like."
)
