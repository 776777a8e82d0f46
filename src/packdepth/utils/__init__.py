"""What every room may use: files, progress, downloads, images, fingerprints."""
