# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors such as OCR makes: confused letters, split and joined words, dropped words, specks read as marks."""

CONFUSED = {"l": "1I|", "1": "lI", "I": "l1", "O": "0", "0": "O", "o": "ce", "e": "c", "c": "e", "a": "ao", "n": "ri", "m": "rn", "h": "b",
            "b": "h6", "5": "S", "S": "5", "8": "B", "B": "8", "g": "q9", "q": "g", "u": "ii", "i": "lj", "t": "f", "f": "t", ",": ".",
            ".": ",", ":": ";", "v": "y", "y": "v", "D": "O", "G": "C6", "C": "G", "Z": "2", "2": "Z", "6": "G", "r": "v", "s": "a5", "w": "vv", "P": "F", "E": "F"}
SPECKS = [".", "-", "'", "|", "~", "_", "`", "*", ":", "»", "«", "°"]


def add_noise(text, rng, rate):
    """`rate`: the share of words with an error; letters confused, words split, joined or dropped, specks read."""
    if rate <= 0:
        return text
    out = []
    for line in text.split("\n"):
        words = []
        for word in line.split():
            draw = rng.random()
            if draw < rate * 0.08:
                continue
            if draw < rate * 0.16 and len(word) > 4:
                cut = rng.randint(2, len(word) - 2)
                words += [word[:cut], word[cut:]]
                continue
            if draw < rate * 0.24 and words:
                words[-1] += word
                continue
            if draw < rate:
                i = rng.randrange(len(word))
                word = word[:i] + rng.choice(CONFUSED.get(word[i], word[i])) + word[i + 1 :]
            words.append(word)
            if rng.random() < rate * 0.05:
                words.append(rng.choice(SPECKS))
        if words:
            out.append(" ".join(words))
        if rng.random() < rate * 0.3:
            out.append(" ".join(rng.choice(SPECKS) for _ in range(rng.randint(1, 3))))
    return "\n".join(out)
