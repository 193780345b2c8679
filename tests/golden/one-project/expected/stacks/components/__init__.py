"""Hand-written building blocks of this project: plain values in, cloud resources out."""
