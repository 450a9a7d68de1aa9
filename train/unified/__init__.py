"""Training of the unified network: pictures at network size, batches, losses, the two stages."""
