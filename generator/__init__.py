"""covey: group machine-learning models by their traffic and emit the Pulumi program that serves them."""

__version__ = "0.1.0"
