"""How a run is measured and what a report's words mean, as every report says it."""

METHOD = (
    "Every sample is one process that makes one picture and ends; the rows take turns, round after "
    "round, so that what slows the machine for a while slows all of them.",
    "A figure is the median of its samples with a warm cache, with the lowest and the highest of them "
    "beneath. Ratios are paired: the median of the ratios within a round, unless a time is computed.",
    "Cold means that nothing compiled is kept from before, warm that what the program itself keeps is "
    "there. The operating system's cache of files is warm in both. Lapdraw keeps what it compiled for a "
    "CPU only of networks with up to 64 MB of weights, so nothing of a large UNet; the peers run with "
    "their own defaults, which on a CPU keep nothing.",
    "Process start is from the start of the process until its libraries are imported; load, from there "
    "until what the first step needs is compiled; the first step includes the encoding of the prompt; "
    "VAE decode ends with the picture's pixels in memory.",
    "The steady step is the median of the steps after the second. The second counts apart, because on a "
    "CPU Lapdraw compiles its VAE decoder beside it: that time is in the picture's, but neither in load "
    "nor in the steady step. Of samples with two steps the second is the steady step; of samples with "
    "one, VAE decode holds that compile.",
    "Computed, from its parts: where not all steps were run, the picture's time is process start, load "
    "(warm), first step, second step, the remaining steps at the steady step's time, and VAE decode "
    "added up. PSNR is then that of the shorter picture which the samples made.",
    "Peak memory is the resident memory of the process and all its children, at its highest: the "
    "host's, to which a device's own memory is not added. Energy comes from the machine's own counters, "
    "and is not available where they cannot be read.",
    "Achieved GFLOPS are the products and convolutions of one step (a multiplication and an addition "
    "are two) over the steady step's time; the peak is the fastest product or convolution that the same "
    "machine did in that precision, before the first round. Whole numbers are counted in GOPS.",
    "PSNR compares the 8-bit picture with that of plain PyTorch in f32 from the same initial latents, "
    "or with that of the row it names.",
    "Pictures an hour are those of one process that stays open and makes one after the other: first "
    "step, the further ones at the steady step's time, and decode. Prices of a picture, the machine's "
    "and the electricity's, are both over the whole time of a process that makes one: from its start to "
    "the pixels.",
)
SPEED_ONLY_NOTE = (
    "Speed only: random weights. The model has the full architecture, but nobody trained it: its pictures "
    "show nothing, and PSNR compares arithmetic, not what a picture looks like."
)
