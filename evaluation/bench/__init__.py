"""Speed, as ratios against plain implementations, measured side by side in one run."""
