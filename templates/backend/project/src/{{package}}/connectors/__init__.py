"""How one module asks something of another: typed, and nothing but mapping."""
