"""A generator of synthetic B-mode ultrasound in both challenge layouts, and its committed output."""
