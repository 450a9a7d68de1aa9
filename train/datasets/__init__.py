"""Public data sets in their own layouts, as labelled challenge folders."""
