"""LoRA and textual inversion: files beside a model that change what its networks compute."""
