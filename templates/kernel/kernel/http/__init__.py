"""Everything that knows HTTP; services and repositories import nothing from here."""
