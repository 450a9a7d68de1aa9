"""The unified network: one backbone an image, one compact head a task."""
