"""What training minimises. Losses depend only on tensors."""
