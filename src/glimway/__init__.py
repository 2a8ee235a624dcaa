"""Glimway: a self-hosted API for GLM and other open-weight models.

This module knows the version and nothing else.
"""

__version__ = "0.1.0"
