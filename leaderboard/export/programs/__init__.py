"""What runs on a platform: shipped with `evaluation` and nothing else of this project."""
