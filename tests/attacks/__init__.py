"""Each actor of the threat model as a script that attacks a served process."""
