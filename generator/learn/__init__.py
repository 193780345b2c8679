"""Learns from observations how machine types differ from what the model says of them."""

from generator.learn.learn import learn

__all__ = ["learn"]
