"""The reader without typer and typer itself understand the same words in the same way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arckode_gen import commands, typer_app
from arckode_gen.engine import words
from arckode_gen.engine.spec import CommandSpec, Param

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

EVERYTHING = CommandSpec(
    "every:kind",
    "Has a parameter of every kind.",
    params=(
        Param("first", kind="argument", required=True),
        Param("second", kind="argument", type="int", default=7),
        Param("rest", kind="argument", many=True),
        Param("text", default="preset"),
        Param("number", type="int", short="-n"),
        Param("flag_of_two", type="bool", short="-f"),
        Param("tag", many=True),
        Param("shade", choices=("red", "light-green"), default="red"),
        Param("back", type="int", optional_value=1),
        Param("file", type="path", required=True),
    ),
    writes=True,
)
CHOSEN = CommandSpec(
    "chosen:words",
    "Takes words from a list.",
    params=(Param("shades", kind="argument", many=True, required=True, choices=("red", "blue")),),
)
SPECS = [*(commands.find(name, Path.cwd()).spec for name in commands.names(Path.cwd())), EVERYTHING, CHOSEN]
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8).filter(lambda word: not word.startswith("-"))


def word_of(param: Param) -> SearchStrategy[str]:
    if param.choices:
        return st.sampled_from(param.choices)
    return st.integers(min_value=0, max_value=10**6).map(str) if param.type == "int" else TEXT


def option_of(param: Param) -> SearchStrategy[list[str]]:
    names = [name for name in (param.flag, param.short) if name]
    if param.type == "bool":
        return st.sampled_from([[name] for name in names])
    apart = st.tuples(st.sampled_from(names), word_of(param)).map(list)
    joined = word_of(param).map(lambda word: [f"{param.flag}={word}"])
    alone = [st.just([param.flag])] if param.optional_value is not None else []
    return st.one_of(apart, joined, *alone)


@st.composite
def well_formed(draw: st.DrawFn, spec: CommandSpec) -> list[str]:
    """Return words that the command understands, options in any place and more than once."""
    positional: list[list[str]] = []
    for param in spec.arguments:
        least = 1 if param.required else 0
        given_words = draw(st.lists(word_of(param), min_size=least, max_size=3 if param.many else 1))
        positional += [[word] for word in given_words]
        if not given_words:
            break
    options = [draw(option_of(param)) for param in spec.options if param.required]
    if spec.options:
        options += draw(st.lists(st.sampled_from(spec.options).flatmap(option_of), max_size=4))
    places = sorted(draw(st.lists(st.integers(0, len(positional)), min_size=len(options), max_size=len(options))))
    for place, option in reversed(list(zip(places, options, strict=True))):
        positional.insert(place, option)
    return [word for piece in positional for word in piece]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_both_readers_agree_on_every_command(spec: CommandSpec) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(well_formed(spec))
    def agree(argv: list[str]) -> None:
        argv = words.normalise(spec, argv)
        plain = words.read(spec, argv)
        if plain is not None:
            assert plain == typer_app.read(spec, argv, interactive=False)

    agree()


def read(*argv: str) -> dict[str, object] | None:
    found = words.read(EVERYTHING, words.normalise(EVERYTHING, ["one", "--file", "f", *argv]))
    return None if found is None else dict(found)


@pytest.mark.parametrize(
    ("argv", "name", "value"),
    [
        pytest.param([], "text", "preset", id="a default"),
        pytest.param([], "rest", (), id="no words at all are an empty tuple"),
        pytest.param(["--text=a=b"], "text", "a=b", id="only the first equals sign counts"),
        pytest.param(["--text="], "text", "", id="an empty value that is said"),
        pytest.param(["--text", "a", "--text", "b"], "text", "b", id="the last one wins"),
        pytest.param(["--tag", "a", "--tag=b"], "tag", ("a", "b"), id="a repeated option keeps all"),
        pytest.param(["-n", "3"], "number", 3, id="a short option"),
        pytest.param(["--back"], "back", 1, id="an option that may stand alone"),
        pytest.param(["--back", "4"], "back", 4, id="and its number"),
        pytest.param(["5", "x", "y"], "rest", ("x", "y"), id="the rest of the words"),
    ],
)
def test_plain_words_need_no_typer(argv: list[str], name: str, value: object) -> None:
    found = read(*argv)
    assert found is not None
    assert found[name] == value


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(["--txt", "a"], id="an unknown flag"),
        pytest.param(["--number", "many"], id="a number that is none"),
        pytest.param(["--number", "-"], id="a sign without digits"),
        pytest.param(["--shade", "green"], id="a word that is no choice"),
        pytest.param(["--text"], id="an option without its value"),
        pytest.param(["--text", "--json"], id="a flag where the value should be"),
        pytest.param(["--json=yes"], id="a flag with a value"),
        pytest.param(["-n=3"], id="an equals sign after a short option"),
        pytest.param(["-fn3"], id="short options in one word"),
        pytest.param(["--", "-x"], id="words after two hyphens"),
        pytest.param(["seven"], id="an argument that is no number"),
    ],
)
def test_what_needs_explaining_is_left_to_typer(argv: list[str]) -> None:
    assert read(*argv) is None


@pytest.mark.parametrize(
    ("argv", "wanted"),
    [
        pytest.param(["--help"], True, id="the long flag"),
        pytest.param(["x", "-h"], True, id="the short flag, anywhere"),
        pytest.param(["--", "--help"], False, id="after two hyphens it is a word"),
        pytest.param(["help"], False, id="a word like any other"),
    ],
)
def test_help_is_asked_for(argv: list[str], *, wanted: bool) -> None:
    assert words.wants_help(argv) is wanted
