"""Tests, one folder a room; `properties`, `security`, `e2e` and `container` look across rooms."""
