"""How the database gets from one release's tables to the next's."""
