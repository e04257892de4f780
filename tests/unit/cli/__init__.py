"""The command line, as far as it can be asked without a broker or a database."""
