"""One name in every spelling, its number stated and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic.alias_generators import to_camel as pydantic_camel

from arckode_gen.engine.inflection import article
from arckode_gen.engine.names import Name, to_camel, to_kebab, to_pascal, to_snake
from arckode_gen.errors import UsageError
from tests.engine.strategies import names


@pytest.mark.parametrize(
    ("word", "singular", "plural"),
    [
        pytest.param("order", "order", "orders", id="a singular gains its plural"),
        pytest.param("orders", "order", "orders", id="a plural stays"),
        pytest.param("orderItem", "order_item", "order_items", id="camelCase is understood"),
        pytest.param("OrderItems", "order_item", "order_items", id="PascalCase in the plural is understood"),
        pytest.param("order-items", "order_item", "order_items", id="kebab-case is understood"),
        pytest.param("order items", "order_item", "order_items", id="two words are understood"),
        pytest.param("HTTPServer", "http_server", "http_servers", id="capitals in a row are one word"),
        pytest.param("person", "person", "people", id="an irregular singular is known"),
        pytest.param("people", "person", "people", id="an irregular plural is known"),
        pytest.param("status", "status", "statuses", id="a word in us is no plural"),
        pytest.param("address", "address", "addresses", id="a word in ss is no plural"),
        pytest.param("analysis", "analysis", "analyses", id="a word in is is no plural"),
        pytest.param("warehouses", "warehouse", "warehouses", id="ouses keeps its e"),
        pytest.param("stores", "store", "stores", id="stores keeps its e beside valores"),
        pytest.param("caches", "cache", "caches", id="caches keeps its e beside branches"),
        pytest.param("branches", "branch", "branches", id="branches loses its e"),
        pytest.param("categories", "category", "categories", id="ies becomes y"),
        pytest.param("movies", "movie", "movies", id="movies keeps ie"),
        pytest.param("menu", "menu", "menus", id="menus is a plural although it ends in us"),
        pytest.param("pedidos", "pedido", "pedidos", id="a Spanish plural stays"),
        pytest.param("lineas_pedido", "linea_pedido", "lineas_pedido", id="a plural anywhere makes the name plural"),
        pytest.param("habitaciones", "habitacion", "habitaciones", id="Spanish iones loses es"),
        pytest.param("habitacion", "habitacion", "habitaciones", id="a Spanish singular in cion gains es"),
        pytest.param("usuarios", "usuario", "usuarios", id="a Spanish plural after a vowel loses s"),
        pytest.param("proveedores", "proveedor", "proveedores", id="Spanish dores loses es"),
        pytest.param("ciudades", "ciudad", "ciudades", id="Spanish dades loses es"),
        pytest.param("ordenes", "orden", "ordenes", id="Spanish enes loses es"),
        pytest.param("materiales", "material", "materiales", id="Spanish ales loses es"),
        pytest.param("news_item", "news_item", "news_items", id="a doubtful word before the last does no harm"),
        pytest.param("sales_order", "sales_order", "sales_orders", id="an English attributive plural is no plural"),
    ],
)
def test_both_numbers_of_a_name(word: str, singular: str, plural: str) -> None:
    assert Name.parse(word) == Name(singular, plural)


@pytest.mark.parametrize(
    ("word", "before_it"), [("user", "a"), ("unit", "a"), ("umbrella", "an"), ("order", "an"), ("member", "a")]
)
def test_the_article_goes_by_the_sound(word: str, before_it: str) -> None:
    assert article(word) == before_it


def test_every_spelling_of_a_name() -> None:
    name = Name.parse("OrderItems")
    assert (name.snake, name.pascal, name.pascal_plural) == ("order_item", "OrderItem", "OrderItems")
    assert (name.camel, name.camel_plural) == ("orderItem", "orderItems")
    assert (name.kebab, name.kebab_plural, name.table) == ("order-item", "order-items", "order_items")


@pytest.mark.parametrize(
    ("word", "singular", "plural", "expected"),
    [
        pytest.param("data", "datum", None, Name("datum", "data"), id="a doubtful word is the plural of what is said"),
        pytest.param("data", None, "data_sets", Name("data", "data_sets"), id="or the singular of what is said"),
        pytest.param("x", "goose", "flock", Name("goose", "flock"), id="both said outright replace the word"),
        pytest.param("orders", None, "orders", Name("order", "orders"), id="the plural said twice is inflected"),
    ],
)
def test_what_is_said_outright_is_not_inflected(
    word: str, singular: str | None, plural: str | None, expected: Name
) -> None:
    assert Name.parse(word, singular=singular, plural=plural) == expected


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        *(
            pytest.param(word, "nobody can tell", "--singular", id=f"the number of {word} cannot be told")
            for word in ("data", "series", "news", "equipment", "sheep", "raw_data", "locales")
        ),
        pytest.param("", "empty", "order_item", id="an empty name"),
        pytest.param(" _-", "empty", "order_item", id="a name of separators"),
        pytest.param("2fa", "starts with a digit", "n2fa", id="a digit first"),
        pytest.param("árbol", "'á'", "'arbol'", id="an accent is shown and its ASCII spelling suggested"),
        pytest.param("año", "'ñ'", "'anio'", id="an ñ becomes ni"),
        pytest.param("订单", "'订'", "order_item", id="a script without ASCII letters gets a plain hint"),
        pytest.param("a/b", "'/'", "'a_b'", id="a slash"),
        pytest.param("x" * 51, "at most 50", "shorten", id="too long"),
        pytest.param("class", "Python", "my_classes", id="a Python keyword"),
        pytest.param("kernel", "hide a part of the project", "my_kernels", id="the kernel's folder"),
        pytest.param("settings", "hide a part of the project", "my_settings", id="the settings file"),
        pytest.param("group", "reserved word in SQL", "my_groups", id="a table name that SQL reserves"),
    ],
)
def test_a_refused_name_says_why_and_what_instead(word: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        Name.parse(word)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_one_word_for_one_and_many_is_refused() -> None:
    with pytest.raises(UsageError, match="as singular and as plural") as caught:
        Name.parse("sheep", singular="sheep", plural="sheep")
    assert "--plural sheep_list" in caught.value.hint


@pytest.mark.parametrize("word", ["true", "none", "False"])
def test_a_class_cannot_be_called_like_a_constant(word: str) -> None:
    with pytest.raises(UsageError, match="is a word of Python's own"):
        Name.parse(word)


@pytest.mark.parametrize("word", ["user", "order", "role", "plan", "position", "event"])
def test_leaves_natural_names_alone(word: str) -> None:
    assert Name.parse(word).singular == word


@given(names())
def test_a_name_read_from_its_own_spellings_is_the_same(word: str) -> None:
    name = Name.parse(word)
    assert Name.parse(name.plural) == name


@given(names())
def test_said_outright_its_own_numbers_change_nothing(word: str) -> None:
    name = Name.parse(word)
    assert Name.parse(word, singular=name.singular, plural=name.plural) == name


@given(st.text())
def test_no_text_raises_anything_but_a_usage_error(text: str) -> None:
    try:
        name = Name.parse(text)
    except UsageError:
        return
    assert name.singular.isidentifier()
    assert name.plural.isidentifier()


@given(st.from_regex(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", fullmatch=True))
def test_camel_is_what_pydantic_writes(word: str) -> None:
    assert to_camel(word) == pydantic_camel(word)


@given(st.from_regex(r"[a-z]{2,}(_[a-z]{2,})*", fullmatch=True))
def test_every_spelling_leads_back_to_snake_case(word: str) -> None:
    assert to_snake(to_pascal(word)) == to_snake(to_camel(word)) == to_snake(to_kebab(word)) == word
