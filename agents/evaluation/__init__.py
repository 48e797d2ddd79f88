"""Success on unseen scenes: what `scripts/evaluate.py` runs, judges and reports.

`evaluator` has the protocol, `methods` who is compared, `config` which cells there are.
"""
