"""Figures of the chat room's page, in Chromium: ``python3 -m tests.page_figures``."""
