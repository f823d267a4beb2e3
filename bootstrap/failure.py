"""The one exception of the setup."""


class SetupFailure(Exception):
    """The setup cannot go on; the text is one sentence naming the fault and the remedy."""
