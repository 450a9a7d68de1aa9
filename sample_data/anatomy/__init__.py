"""Anatomy: one function a view, from a random stream and a variant to a scene."""
