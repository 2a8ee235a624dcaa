"""The golden corpus: what every dialect's published shapes look like, and what each means.

Knows where its parts are: ``corpus`` holds requests, whole replies and streams as bytes, ``cases``
reads them, ``clients`` and ``hosts`` are both ends of every pair, ``telling`` says what a client
was told. Refuses to know how any of it is translated.
"""
