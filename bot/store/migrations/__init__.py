"""The steps by which a database's tables came to be; see README.md beside this file."""
