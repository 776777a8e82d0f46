"""`python -m packdepth` is the command line."""

from packdepth.cli import main

if __name__ == "__main__":
    main()
