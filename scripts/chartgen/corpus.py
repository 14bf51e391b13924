# SPDX-License-Identifier: GPL-3.0-or-later
"""Training text: one JSON line a page."""
import json
import random

from . import catalog, document, noise, people

INDEX_SIZE = 3000


def write(path, seed, documents, noise_rate, balanced, progress):
    rng = random.Random(f"corpus {seed}")
    index = people.make_index(rng, INDEX_SIZE)
    kinds = sorted(catalog.LOINC)
    weights = [1 if balanced else catalog.WEIGHTS[k] for k in kinds]
    pages = 0
    with open(path, "w", encoding="utf-8") as out:
        for number in range(documents):
            kind = kinds[number % len(kinds)] if balanced else rng.choices(kinds, weights)[0]
            doc = document.make_document(rng, kind, rng.choice(index))
            texts = document.text_pages(doc, rng)
            rate = noise_rate * rng.choice([0, 0.5, 1, 1, 2]) if noise_rate else 0
            for k, text in enumerate(texts, 1):
                row = {"text": noise.add_noise(text, rng, rate), "type": kind, "page": k, "pages": len(texts), "document": number, "titled": bool(doc.chrome.title)}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                pages += 1
            progress(number + 1, documents)
    return pages
