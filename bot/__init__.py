"""Quotewell: answers patients' questions with exact quotations from a clinic's own guide."""

__version__ = "0.1.0"
