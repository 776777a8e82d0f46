"""What training minimises. Losses know tensors alone."""
