"""packdepth: a reproducibility study of PackNet against DenseDepth on monocular depth."""
