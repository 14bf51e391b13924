# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeded generator of synthetic charts: people, clinical text, page images, scanner defects, truth."""
