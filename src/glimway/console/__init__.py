"""What administrators use: the JSON API under ``/admin/v1``.

Knows keys, projects, receipts and errors as an administrator sees them, and who may see them.
Refuses to know SQL (the store's functions do that, on the store's threads) and the public API.
"""
