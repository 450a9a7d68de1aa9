"""Training: labelled challenge folders in, weights for `model` out."""
