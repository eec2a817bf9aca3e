"""`python -m waymark`, where the console script is not on the path."""

from waymark.cli import main

if __name__ == "__main__":
    main()
