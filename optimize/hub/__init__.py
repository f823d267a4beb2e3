"""Models from the Hugging Face Hub: listed, chosen, fetched, every byte of them checked. No torch here."""
