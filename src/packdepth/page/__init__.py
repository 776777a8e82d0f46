"""One page of all results, to look at in a browser: `packdepth show`."""
