"""Tests of the room that runs submissions."""
