"""A network as one uses it: from a file, a name or the Hugging Face Hub to metres for any image."""
