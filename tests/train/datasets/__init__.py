"""Tests of the readers of public data sets and of what is made of them."""
