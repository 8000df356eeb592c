"""Measures Quotewell on labelled questions; run it as `python -m eval` from the checkout.

Nothing in `bot/` imports this. Write `from eval import ...`: a bare `import eval` would hide
the builtin of that name.
"""
