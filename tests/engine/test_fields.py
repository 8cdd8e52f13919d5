"""The field language: every type and modifier, every refusal with its word, its reason and the nearest right one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arckode_gen.engine.field_files import field_to_json, fields_from_mapping
from arckode_gen.engine.field_types import MODIFIERS, TYPES
from arckode_gen.engine.fields import Field, format_field, parse_field, parse_fields
from arckode_gen.errors import UsageError
from tests.engine.strategies import field_lists, field_words


@pytest.mark.parametrize(
    ("word", "canonical"),
    [
        pytest.param("sku", "sku:str", id="a name alone is a str"),
        pytest.param("sku:unique", "sku:str:unique", id="a modifier may follow the name"),
        pytest.param("fechaAlta:date", "fecha_alta:date", id="camelCase becomes snake_case"),
        pytest.param("usuario_id:string", "usuario_id:str", id="string is str"),
        pytest.param("price:number", "price:decimal=18.6", id="number is an exact decimal"),
        pytest.param("active:boolean:default=true", "active:bool:default=true", id="boolean is bool"),
        pytest.param("price:decimal", "price:decimal=12.2", id="decimal alone has twelve digits, two of them decimals"),
        pytest.param("price:decimal=10", "price:decimal=10.0", id="decimal with one number has no decimals"),
        pytest.param("price:decimal=12.2:min=0", "price:decimal=12.2:min=0.00", id="a bound has the column's decimals"),
        pytest.param("rate:float:default=1", "rate:float:default=1.0", id="a float default is a float"),
        pytest.param("at:time:default=0930", "at:time:default=093000", id="a time of day"),
        pytest.param("at:datetime:default=now", "at:datetime:default=now", id="now stays a word"),
        pytest.param(
            "at:datetime:default=2026-01-31T0930Z", "at:datetime:default=2026-01-31T093000Z", id="a moment in UTC"
        ),
        pytest.param("tags:list", "tags:list=str", id="a list holds str"),
        pytest.param("sizes:list=int", "sizes:list=int", id="a list of whole numbers"),
        pytest.param("customer:belongs_to", "customer:belongs_to=customers", id="a relation names its module itself"),
        pytest.param("customer_id:belongs_to", "customer:belongs_to=customers", id="_id is added by the relation"),
        pytest.param("owner:belongs_to=user:index", "owner:belongs_to=users", id="a relation always has an index"),
        pytest.param("parent:belongs_to=data", "parent:belongs_to=data", id="a doubtful target is taken as it is said"),
        pytest.param("lines:has_many=order_lines", "lines:has_many=order_lines", id="has_many"),
        pytest.param("tag:many_to_many", "tag:many_to_many=tags", id="many_to_many"),
        pytest.param(
            "status:enum=draft/1st:default=1st",
            "status:enum=draft/1st:default=1st",
            id="an enum value with a digit first",
        ),
        pytest.param("code:len=2:default=es", "code:str:default=es:len=2", id="modifiers have one order"),
        pytest.param(
            "c:belongs_to=cs:on_delete=restrict", "c:belongs_to=cs", id="restrict is what on_delete is anyway"
        ),
    ],
)
def test_a_word_and_its_canonical_form(word: str, canonical: str) -> None:
    assert format_field(parse_field(word)) == canonical
    assert parse_field(canonical) == parse_field(word)


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        pytest.param("a:strng", "no type or modifier called 'strng'", "'str'", id="an unknown type"),
        pytest.param("a:nul", "'nul'", "'null'", id="a misspelt modifier in the type's place"),
        pytest.param("a:str:uniqe", "no modifier called 'uniqe'", "'unique'", id="an unknown modifier"),
        pytest.param("a:integer", "'integer'", "'int'", id="another tool's word"),
        pytest.param("a:references", "'references'", "'belongs_to'", id="another tool's relation"),
        pytest.param("a:", "called ''", "there are str", id="an empty type"),
        pytest.param(":str", "a name is empty", "order_item", id="an empty name"),
        pytest.param("año:int", "'ñ'", "'anio'", id="a name outside ASCII"),
        pytest.param("1st:int", "starts with a digit", "n1st", id="a name with a digit first"),
        pytest.param("a:str:default=x y", "' ' is not safe", "--fields", id="a space in a value"),
        pytest.param("a:str:pattern=abc", "pattern cannot be typed", "--fields", id="a pattern on the command line"),
        pytest.param("a:int=5", "more than int takes", "`int`", id="an argument for a type without one"),
        pytest.param("a:str:null=1", "null takes no value", "`null`", id="a flag with a value"),
        pytest.param("a:str:default=", "default needs a value", "default=...", id="a default without a value"),
        pytest.param("a:str:null:null", "null is said twice", "leave", id="a modifier twice"),
        pytest.param("a:text:unique", "MySQL indexes no text", "str, int", id="unique on text"),
        pytest.param("a:json:index", "index does not fit json", "str", id="index on json"),
        pytest.param("a:list:unique", "unique does not fit list", "str", id="unique on a list"),
        pytest.param("a:bytes:unique", "unique does not fit bytes", "str", id="unique on bytes"),
        pytest.param("a:url:unique", "8192 bytes", "max=768", id="unique on more than MySQL indexes"),
        pytest.param("a:str:max=800:index", "3200 bytes", "max=768", id="an index on more than MySQL indexes"),
        pytest.param("a:password:default=x", "everyone would know", "it fits", id="a default password"),
        pytest.param("a:json:tenant", "tenant does not fit json", "str, int, bigint, uuid", id="a tenant of odd type"),
        pytest.param("a:int:on_delete=cascade", "on_delete does not fit int", "belongs_to", id="on_delete on a number"),
        pytest.param("a:bool:readonly", "no request can fill it", "`null`", id="readonly without a value"),
        pytest.param("a:str:null:readonly:writeonly", "nobody who sees it", "one", id="readonly and writeonly"),
        pytest.param("a:str:null:readonly:immutable", "no request changes", "immutable", id="readonly and immutable"),
        pytest.param("a:uuid:tenant:null", "belong to nobody", "null", id="a tenant that may be empty"),
        pytest.param("a:uuid:tenant:owner", "two marks", "one of them", id="owner and tenant in one"),
        pytest.param("a:str:unique:index", "already makes an index", "index", id="unique and index"),
        pytest.param("a:belongs_to=bs:on_delete=set_null", "may not be empty", "null", id="set_null without null"),
        pytest.param("a:belongs_to=bs:on_delete=casade", "unknown", "'cascade'", id="a misspelt on_delete"),
        pytest.param("data:belongs_to", "does not say which module", "belongs_to=users", id="a target nobody can tell"),
        pytest.param("a:has_many=bs:null", "null does not fit has_many", "it fits", id="a modifier on has_many"),
        pytest.param("a:decimal=19.2", "at most 18 digits", "decimal=12.2", id="more digits than SQLite keeps"),
        pytest.param("a:decimal=2.4", "precision and scale", "12.2", id="more decimals than digits"),
        pytest.param("a:decimal:default=1.234", "more than 2 decimals", "2 decimals", id="a default that is cut off"),
        pytest.param("a:decimal=4.2:default=100", "does not fit decimal=4.2", "precision", id="a default too large"),
        pytest.param("a:int:default=1.5", "not a whole number", "digits", id="a fraction in an int"),
        pytest.param("a:int:default=3000000000", "32 bits", "bigint", id="a number too large for int"),
        pytest.param("a:bool:default=yes", "neither true nor false", "true", id="a default that is no bool"),
        pytest.param("a:date:default=2026-02-30", "not a date", "today", id="a day that does not exist"),
        pytest.param("a:time:default=2560", "not a time", "0930", id="a time that does not exist"),
        pytest.param("a:datetime:default=2026-01-01", "not a moment in UTC", "now", id="a moment without its time"),
        pytest.param("a:int:min=5:max=2", "min=5 is more than max=2", "swap", id="bounds the wrong way round"),
        pytest.param("a:int:min=5:default=2", "outside its own bounds", "change", id="a default below min"),
        pytest.param("a:decimal:max=5:default=6", "outside its own bounds", "change", id="a default above max"),
        pytest.param("a:str:max=3:default=long", "outside its own bounds", "change", id="a default too long"),
        pytest.param("a:str:len=3:default=ab", "outside its own bounds", "change", id="a default of another length"),
        pytest.param("a:str:max=20000", "too long for str", "`text`", id="a str as long as a text"),
        pytest.param("a:text:max=20000", "too long for text", "16000", id="a text longer than MySQL's"),
        pytest.param("a:url:max=12", "no room for a URL", "max=13", id="a URL shorter than any"),
        pytest.param("a:str:max=0", "no length", "max=1", id="a length of nothing"),
        pytest.param("a:str:min=300", "255 characters", "max=300", id="a least length above the column's"),
        pytest.param("a:str:len=3:max=4", "exact length", "len", id="len beside max"),
        pytest.param("a:enum", "needs its values", "a:enum=", id="an enum without values"),
        pytest.param("a:enum=x/y:default=z", "not one of x, y", "default=x", id="a default outside the enum"),
        pytest.param("a:enum=x/x", "given twice", "leave", id="an enum value twice"),
        pytest.param("a:enum=a-b/a_b", "member A_B", "rename", id="enum values that are one Python name"),
        pytest.param("a:enum=-/b", "cannot be a value", "letters", id="an enum value without letters"),
        pytest.param("a:list=text", "cannot hold 'text'", "str", id="a list of texts"),
        pytest.param("class:str", "Python", "class_value", id="a Python keyword"),
        pytest.param("order:int", "reserved word in SQL", "order_value", id="an SQL word"),
        pytest.param("id:uuid", "keeps itself", "id_value", id="the kernel's key"),
        pytest.param(
            "createdAt:datetime", "keeps itself", "created_at_value", id="the kernel's timestamp in camelCase"
        ),
    ],
)
def test_a_refused_word_says_why_and_what_instead(word: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_field(word)
    assert repr(word) in caught.value.message
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["a", "a:int"], "both called 'a'", id="one name twice"),
        pytest.param(["customer_id", "customer:belongs_to"], "both called 'customer_id'", id="a column and a relation"),
        pytest.param(["line_1", "line1"], "both called 'line1'", id="names that are one in JSON"),
        pytest.param(["a:uuid:tenant", "b:uuid:tenant"], "both marked tenant", id="two tenants"),
        pytest.param(["a:uuid:owner", "b:uuid:owner"], "both marked owner", id="two owners"),
        pytest.param(["a:strng", "b:intt", "c"], "2 fields are wrong", id="every wrong word is told at once"),
    ],
)
def test_fields_that_cannot_live_together(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_fields(words)
    assert message in caught.value.message


def test_fields_that_only_look_alike_are_left_alone() -> None:
    fields = parse_fields(
        ["page:int", "limits:int", "sort:int", "total:decimal", "customer:belongs_to", "customers:int"]
    )
    names = [field.query_name for field in fields]
    assert names == ["page_eq", "limits", "sort_eq", "total_eq", "customer_id", "customers"]


@pytest.mark.parametrize("word", ["a:text", "a:json", "a:password", "a:str:redact", "a:str:writeonly", "a:has_many=bs"])
def test_what_is_hidden_or_cannot_be_compared_is_no_filter(word: str) -> None:
    assert not parse_field(word).filterable


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("customer:belongs_to", ("customer_id", "customer_id", "customerId", None), id="belongs_to"),
        pytest.param("metadata:json", ("metadata", "metadata_", "metadata", None), id="a name of SQLAlchemy's"),
        pytest.param("date:date", ("date", "date", "date", None), id="a field called like its type"),
        pytest.param("sku", ("sku", "sku", "sku", 255), id="str"),
        pytest.param("sku:len=8", ("sku", "sku", "sku", 8), id="str of one length"),
        pytest.param("home_page:url:max=500", ("home_page", "home_page", "homePage", 500), id="a bounded url"),
        pytest.param("secret:password:max=100", ("secret", "secret", "secret", 255), id="a password's hash"),
        pytest.param("state:enum=on/stand-by", ("state", "state", "state", 8), id="an enum's longest value"),
    ],
)
def test_what_a_field_is_called_and_how_long_it_is(word: str, expected: tuple[str, str, str, int | None]) -> None:
    field = parse_field(word)
    assert (field.column, field.attribute, field.json_name, field.db_length) == expected


def test_enum_members_are_python_names() -> None:
    assert parse_field("a:enum=in-stock/2nd/x").members == (("IN_STOCK", "in-stock"), ("VALUE_2ND", "2nd"), ("X", "x"))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param("sku:str:unique", parse_field("sku:str:unique"), id="a word"),
        pytest.param("a:str:default=¡hola!", Field(name="a", type="str", default="¡hola!"), id="a word of any text"),
        pytest.param({"name": "a"}, parse_field("a"), id="a mapping with a name alone"),
        pytest.param({"name": "a", "type": "number"}, parse_field("a:number"), id="a seed's type"),
        pytest.param(
            {"name": "a", "default": 'say "x:y/z"', "null": True, "unique": False},
            Field(name="a", type="str", default='say "x:y/z"', null=True),
            id="a text that no word holds",
        ),
        pytest.param(
            {"name": "a", "type": "enum", "values": ["in stock", "a/b"]},
            Field(name="a", type="enum", values=("in stock", "a/b")),
            id="enum values that no word holds",
        ),
        pytest.param(
            {"name": "a", "type": "str", "pattern": "^(?:a|b){2}$"},
            Field(name="a", type="str", pattern="^(?:a|b){2}$"),
            id="a pattern",
        ),
        pytest.param(
            {"name": "a", "type": "decimal", "precision": 6, "scale": 2, "min": 0, "default": 1.5},
            parse_field("a:decimal=6.2:min=0:default=1.5"),
            id="numbers as JSON has them",
        ),
        pytest.param(
            {"name": "a", "type": "belongs_to", "target": "users", "on_delete": "cascade"},
            parse_field("a:belongs_to=users:on_delete=cascade"),
            id="a relation",
        ),
        pytest.param(
            {"name": "a", "type": "time", "default": "09:30"}, parse_field("a:time:default=0930"), id="a time"
        ),
    ],
)
def test_a_field_in_a_file(item: object, expected: Field) -> None:
    assert fields_from_mapping([item]) == (expected,)
    assert fields_from_mapping({"fields": [item]}) == (expected,)
    assert fields_from_mapping(json.loads(json.dumps([field_to_json(expected)]))) == (expected,)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(None, "missing, not a list", id="nothing"),
        pytest.param({"field": []}, "missing, not a list", id="a mapping without fields"),
        pytest.param([3], "not a field", id="a number for a field"),
        pytest.param([{"type": "str"}], "`name` and `type` are texts", id="no name"),
        pytest.param([{"name": "a", "uniqe": True}], "no key 'uniqe'", id="a misspelt key"),
        pytest.param([{"name": "a", "unique": "yes"}], "unique is true or false", id="a flag that is a text"),
        pytest.param([{"name": "a", "type": "str:unique"}], "is no type", id="modifiers in the type"),
        pytest.param([{"name": "a", "type": "unique"}], "is no type", id="a modifier for a type"),
        pytest.param([{"name": "a", "type": "enum", "values": "x"}], "list of an enum's values", id="values as a text"),
        pytest.param([{"name": "a", "default": ["x"]}], "default is a list", id="a list for a default"),
        pytest.param([{"name": "a", "default": "x\ny"}], "cannot be printed", id="a line end in a value"),
        pytest.param(["a:str:default=\x00"], "cannot be printed", id="a null in a word"),
        pytest.param([{"name": "a", "pattern": "("}], "no regular expression", id="a broken pattern"),
        pytest.param([{"name": "a", "pattern": "(?=x)"}], "looks around", id="a pattern that pydantic cannot run"),
        pytest.param(
            [{"name": "a", "pattern": "^b", "default": "c"}], "does not match", id="a default off its pattern"
        ),
    ],
)
def test_a_file_that_holds_something_else(data: object, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        fields_from_mapping(data)
    assert message in caught.value.message


def test_what_no_word_holds_is_not_formatted_as_one() -> None:
    with pytest.raises(UsageError, match="cannot be written as one word") as caught:
        format_field(Field(name="a", type="str", default="x y"))
    assert "--fields" in caught.value.hint


def test_every_modifier_fits_some_type() -> None:
    assert {modifier for rule in TYPES.values() for modifier in rule.modifiers} == set(MODIFIERS)


@given(field_words())
def test_a_field_survives_being_written_and_read(word: str) -> None:
    field = parse_field(word)
    assert parse_field(format_field(field)) == field
    assert format_field(parse_field(format_field(field))) == format_field(field)


@given(field_lists())
def test_the_manifest_gives_back_the_same_fields(words: list[str]) -> None:
    fields = parse_fields(words)
    assert fields_from_mapping(json.loads(json.dumps([field_to_json(field) for field in fields]))) == fields


@given(st.text() | st.from_regex(r"[a-z_]{1,4}(:[a-z_]{1,6}(=[a-z0-9./-]{0,5})?){0,3}", fullmatch=True))
def test_no_text_raises_anything_but_a_usage_error(text: str) -> None:
    try:
        field = parse_field(text)
    except UsageError:
        return
    assert parse_field(format_field(field)) == field


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "type", "values", "precision", "scale", "default", *MODIFIERS]), inner
        )
    ),
)


@given(st.lists(JSON, max_size=3) | JSON)
def test_no_file_raises_anything_but_a_usage_error(data: object) -> None:
    try:
        fields = fields_from_mapping(data)
    except UsageError:
        return
    assert fields_from_mapping([field_to_json(field) for field in fields]) == fields


@given(
    st.sampled_from(sorted(TYPES)),
    st.dictionaries(st.sampled_from(["default", "min", "max", "len", "pattern"]), st.text(max_size=6) | st.integers()),
    st.lists(st.text(max_size=4), max_size=3),
)
def test_no_mapping_raises_anything_but_a_usage_error(
    kind: str, modifiers: dict[str, object], values: list[str]
) -> None:
    item: dict[str, object] = {"name": "abc", "type": kind, **modifiers}
    try:
        fields = fields_from_mapping([item | ({"values": values} if kind == "enum" else {})])
    except UsageError:
        return
    assert fields_from_mapping([field_to_json(field) for field in fields]) == fields
