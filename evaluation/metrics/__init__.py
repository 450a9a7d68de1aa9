"""Metrics: arrays in, numbers out; nothing here reads a file or knows a challenge.

One noun a module: `crop` (the box around two masks), `overlap`, `boundary` and `distance` (the geometry),
`surface`, `surface_dice` and `contour` (three families of boundary metrics), `hausdorff` (pixel sets),
`classification` (weighted, for the bootstrap), `detection` and `landmarks`.
"""
