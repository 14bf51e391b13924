# SPDX-License-Identifier: GPL-3.0-or-later
"""A small text grammar: symbols with one alternative a line, expanded by a seeded random source.

File form (grammar/*.txt): `# comment`, `@symbol` opens a symbol, each following line is one alternative.
In an alternative:
  {symbol}         one alternative of the symbol, or the context's value of that name
  {^symbol}        the same with its first letter in upper case
  {name:symbol}    expanded once a document and remembered as {name}
  [a|b|]           one of the parts (nested freely, an empty part allowed)
  <3-9>, <1.5-4.0> a number in the range, with as many decimals as the low end has
"""
import pathlib
import re

GRAMMAR_DIR = pathlib.Path(__file__).parent / "grammar"
MAX_DEPTH = 40  # nesting; a grammar that needs more loops
RANGE = re.compile(r"<(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)>")


def load(directory=GRAMMAR_DIR):
    """All symbols of all grammar files, as {symbol: [alternative, ...]}."""
    symbols = {}
    for path in sorted(directory.glob("*.txt")):
        current = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            if line.startswith("@"):
                current = symbols.setdefault(line[1:], [])
            elif current is None:
                raise ValueError(f"{path.name}:{number}: an alternative before any @symbol")
            else:
                current.append(line)
    return symbols


class Grammar:
    def __init__(self, symbols):
        self.symbols = symbols

    def has(self, symbol):
        return symbol in self.symbols

    def pick(self, symbol, rng, context=None):
        """One alternative of a symbol, expanded."""
        return self.expand(rng.choice(self.symbols[symbol]), rng, {} if context is None else context)

    def sample(self, symbol, rng, context, low, high):
        """Between low and high different alternatives of a symbol, in random order, expanded."""
        choices = self.symbols[symbol]
        count = min(len(choices), rng.randint(low, max(low, high)))
        return [self.expand(c, rng, context) for c in rng.sample(choices, count)]

    def ordered(self, symbol, rng, context, drop=0.15):
        """The alternatives of a symbol in file order, each kept with probability 1 - drop: for steps."""
        kept = [c for c in self.symbols[symbol] if rng.random() >= drop]
        return [self.expand(c, rng, context) for c in kept]

    def expand(self, template, rng, context, depth=0):
        if depth > MAX_DEPTH:
            raise ValueError(f"the grammar loops at: {template[:60]}")
        out, i = [], 0
        while i < len(template):
            c = template[i]
            if c == "[":
                parts, i = self._parts(template, i)
                out.append(self.expand(rng.choice(parts), rng, context, depth + 1))
            elif c == "{":
                end = template.index("}", i)
                out.append(self._symbol(template[i + 1 : end], rng, context, depth))
                i = end + 1
            elif c == "<" and (m := RANGE.match(template, i)):
                out.append(self._number(m, rng))
                i = m.end()
            else:
                out.append(c)
                i += 1
        return "".join(out)

    @staticmethod
    def _number(match, rng):
        low, high = match.groups()
        if "." not in low:
            return str(rng.randint(int(low), int(high)))
        return f"{rng.uniform(float(low), float(high)):.{len(low.split('.')[1])}f}"

    @staticmethod
    def _parts(template, start):
        parts, level, begin, i = [], 0, start + 1, start
        while i < len(template):
            c = template[i]
            if c == "[":
                level += 1
            elif c == "]":
                level -= 1
                if level == 0:
                    parts.append(template[begin:i])
                    return parts, i + 1
            elif c == "|" and level == 1:
                parts.append(template[begin:i])
                begin = i + 1
            i += 1
        raise ValueError(f"a bracket is not closed: {template[:60]}")

    def _symbol(self, name, rng, context, depth):
        upper = name.startswith("^")
        name = name.lstrip("^")
        bind, _, symbol = name.rpartition(":")
        if bind and bind in context:
            text = str(context[bind])
        elif symbol in context:
            text = str(context[symbol])
        elif symbol in self.symbols:
            text = self.expand(rng.choice(self.symbols[symbol]), rng, context, depth + 1)
        else:
            raise KeyError(f"no symbol {{{name}}} in the grammar")
        if bind:
            context[bind] = text
        return text[:1].upper() + text[1:] if upper else text
