"""What a model card says: scores of prediction folders on one part of a split, as JSON and Markdown."""
