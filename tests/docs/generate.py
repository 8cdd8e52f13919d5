"""Writes the generated parts of the reference, and what coding agents are told: `python -m tests.docs.generate`."""

from __future__ import annotations

from tests.docs import pictures, reference, skills
from tests.docs.blocks import ROOT


def main() -> None:
    """Write every page that differs."""
    for path, text in {**reference.pages(), **skills.pages(), **pictures.pages()}.items():
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8", newline="\n")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
