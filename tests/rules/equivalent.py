"""What survives the mutation of the rules, by rule, function and text: it changes no verdict, for the reason given."""

from __future__ import annotations

_WORDS = "it chooses the words of the finding, not whether there is one"

EQUIVALENT: dict[str, dict[str, str]] = {
    "ARC105": {"check: if entries": _WORDS},
    "ARC106": {"_declared_twice: if first.owner": _WORDS},
    "ARC201": {"_in_loop: if not target.symbol": "it answers sooner: what has no symbol has no summary to read"},
    "ARC205": {"_in_loop: if grouped": "rows that load the same relationship are reported once, by place"},
    "ARC303": {"check: if judged.is_kernel": _WORDS},
    "ARC305": {"_written: if at == line": "it chooses the column, and a test looks at lines"},
    "ARC602": {"_unhandled: if act.call.record.func[-1] == 'asks'": _WORDS},
}
