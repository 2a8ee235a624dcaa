"""The provider client: HTTP/1.1 over asyncio, made for many long streams.

Knows sockets, pools and framing. Refuses to know models, keys of our callers, retries and money.
"""
