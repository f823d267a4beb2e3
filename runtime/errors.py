"""The error tree: what a person can put right, said in one sentence with the remedy.

LapdrawError
├── InvalidRequest      what was asked cannot be done as asked (size, steps, sampler, prompt, options)
├── ModelFolderError    a model folder is missing, damaged, incomplete or of the wrong kind
├── AdapterError        a LoRA or an embedding is missing, damaged or another model's
├── DeviceError         a device is unknown, not present, or failed
├── ExportError         a model could not be converted, or the converted one is not faithful
├── HubError            a model could not be fetched from the Hub, or what came is not what the Hub lists
├── NonFiniteError      a component produced NaN or infinity; no picture is made of that
└── SetupError          something the program needs is not installed or does not fit the machine

The command line shows the sentence and ends with status 2. Any other exception is a bug and keeps its
traceback.
"""


class LapdrawError(Exception):
    """A fault a person can put right; its text is one sentence naming the fault and the remedy."""


class InvalidRequest(LapdrawError):
    """The request contradicts itself, the bounds, or what the model can do."""


class ModelFolderError(LapdrawError):
    """The model folder is missing, damaged, incomplete or of the wrong kind; the file is named."""


class AdapterError(LapdrawError):
    """A LoRA or an embedding is missing, damaged, of a kind not supported, or made for another model."""


class DeviceError(LapdrawError):
    """The device is unknown, not present, or failed; the available ones are listed."""


class ExportError(LapdrawError):
    """The model could not be converted, or what came out is not faithful to its source."""


class HubError(LapdrawError):
    """A model could not be fetched from the Hub, or what came is not what the Hub lists."""


class NonFiniteError(LapdrawError):
    """A component produced NaN or infinity."""


class SetupError(LapdrawError):
    """A package that this feature needs is not installed."""
