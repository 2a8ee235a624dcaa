"""What may arrive at a client's socket, as data: malformed requests, odd but sound ones, mutations.

Every request is written from RFC 9112 (HTTP/1.1) or RFC 9110 (HTTP semantics) and names the section
that it breaks or uses. Nothing here knows how the server reads.
"""
