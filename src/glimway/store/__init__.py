"""Keeps what must outlive the process: the journal and the database.

Knows files, SQL and when a byte is safe. Refuses to know HTTP, providers and prices: what a record
means is decided above and below this floor.
"""
