"""What others wrote: fleet.yaml and traffic files, read strictly, with the line of everything that is refused."""
