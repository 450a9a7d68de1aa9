"""nnU-Net specialists: one stock 2D nnU-Net a segmentation task, for comparison with the unified model.

Promises: equal data (our own training part, never a random split) and a budget that training does not exceed;
what is predicted is a submission like any other; importing this package imports no nnU-Net.
"""
