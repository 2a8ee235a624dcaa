"""The public HTTP API: the server's side of a socket, mounts, routes, error tables.

Knows HTTP toward clients. Refuses to know providers, SQL and the console.
"""
