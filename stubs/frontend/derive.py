"""What the pages of a module show and ask for, from the fields that the module was made with."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from arckode_gen.engine import examples, field_files, names, reserved, units
from arckode_gen.engine.names import Name
from arckode_gen.engine.python_code import is_searched
from arckode_gen.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arckode_gen.engine.field import Field
    from arckode_gen.engine.project import Snapshot
    from arckode_gen.engine.units import Unit

_NAMING = ("name", "title", "label", "subject", "number", "code", "reference", "slug", "email")
_WORDY = frozenset({"str", "email", "slug", "url"})
_BULKY = frozenset({"text", "json", "bytes", "list"})
_NUMBERS = frozenset({"int", "bigint", "float"})
_COLUMNS = 6
_TAKEN_ENUM_ENDINGS = frozenset({"create", "update", "out", "query", "directory"})
_SPANISH = {
    "active": "Activo", "address": "Dirección", "amount": "Importe", "author": "Autor", "body": "Contenido",
    "category": "Categoría", "city": "Ciudad", "code": "Código", "color": "Color", "comment": "Comentario",
    "country": "País", "created_at": "Creado", "customer": "Cliente", "customers": "Clientes", "date": "Fecha",
    "day": "Día", "description": "Descripción", "due": "Vencimiento", "email": "Correo electrónico", "file": "Archivo",
    "invoice": "Factura", "invoices": "Facturas", "kind": "Tipo", "label": "Etiqueta", "name": "Nombre",
    "note": "Nota", "notes": "Notas", "number": "Número", "order": "Pedido", "orders": "Pedidos", "paid": "Pagado",
    "password": "Contraseña", "phone": "Teléfono", "price": "Precio", "product": "Producto", "products": "Productos",
    "quantity": "Cantidad", "review": "Reseña", "reviews": "Reseñas", "start": "Inicio", "status": "Estado",
    "stock": "Existencias", "tag": "Etiqueta", "tags": "Etiquetas", "text": "Texto", "title": "Título",
    "total": "Total", "type": "Tipo", "updated_at": "Modificado", "url": "Dirección web", "user": "Usuario",
    "users": "Usuarios",
    "draft": "Borrador", "sent": "Enviado", "open": "Abierto", "closed": "Cerrado", "pending": "Pendiente",
    "cancelled": "Cancelado", "done": "Hecho", "live": "Publicado", "sold": "Vendido",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Other:
    """The module that a field refers to: whose rows are chosen from, and what one of them is called."""

    plural: str
    camel: str
    kebab: str
    row: str
    name: str
    query: str
    searchable: bool


@dataclass(frozen=True, slots=True)
class Control:
    """A field as the pages see it: `key` is its message, `attributes` are what its control is limited by."""

    field: Field
    name: str
    key: str
    widget: str
    attributes: str
    enum: str = ""
    values: str = ""
    other: Other | None = None

    @property
    def is_required(self) -> bool:
        """Tell whether something has to be filled in; a list may be empty."""
        return not self.field.null and self.field.default is None and self.field.type != "list"

    @property
    def creatable(self) -> bool:
        return not self.field.readonly and self.field.type != "token"

    @property
    def updatable(self) -> bool:
        return self.creatable and not (self.field.immutable or self.field.owner or self.field.tenant)

    @property
    def visible(self) -> bool:
        return not self.field.writeonly and self.field.type not in {"password", "token"}

    @property
    def sortable(self) -> bool:
        return self.field.filterable and self.visible

    @property
    def is_text(self) -> bool:
        """Whether what is typed is sent as it is."""
        return self.widget not in {"check", "choice", "number", "moment", "json", "list", "select"}

    @property
    def initial(self) -> str:
        """The value of an empty form, in TypeScript."""
        default = self.field.default
        if self.widget == "check":
            return "true" if default is True else "false"
        if default is None or default in {"now", "today"}:
            text = '""'
        elif default is True or default is False:
            text = '"true"' if default else '"false"'
        else:
            text = json.dumps(str(default), ensure_ascii=False)
        kinds = {"select": f' as {self.enum} | ""', "number": " as string | number"}
        return f"{text}{kinds.get(self.widget, '')}"

    @property
    def stored(self) -> str:
        """What the form holds of a stored row, in TypeScript."""
        row = f"stored.{self.name}"
        if not self.visible:
            return '""'
        empty = ' ?? ""' if self.field.null else ""
        question = "?" if self.field.null else ""
        made = {
            "number": f"{row}{empty}",
            "choice": f"{row}{question}.toString(){empty}",
            "moment": f"toLocal({row})",
            "json": f"toJson({row})",
            "list": f'{row}{question}.join("\\n"){empty}',
        }
        return made.get(self.widget, f"{row}{empty}")

    @property
    def sent(self) -> str:
        """The property of the body, in TypeScript; what is empty and need not be sent is left out."""
        value = f"values.{self.name}"
        made = self._made(value)
        if self.widget == "check":
            return f"{self.name}: {value}"
        if self.field.null:
            return f"{self.name}: {value} || null" if self.is_text else f'{self.name}: {value} === "" ? null : {made}'
        if self.field.default is not None or not self.visible:
            return f'...({value} !== "" && {{ {self.name}: {made} }})'
        return f"{self.name}: {made}"

    @property
    def is_first_only(self) -> bool:
        """Whether a new row needs it in another way than a change does: it is fixed then, or never shown."""
        return not self.updatable or (not self.visible and self.is_required)

    @property
    def sent_first(self) -> str:
        """The property of the body of a new row."""
        is_needed = not self.visible and self.is_required
        return f"{self.name}: {self._made(f'values.{self.name}')}" if is_needed else self.sent

    def _made(self, value: str) -> str:
        if self.widget == "number":
            return f"Number({value})"
        if self.widget == "choice":
            return f'{value} === "true"'
        if self.widget == "moment":
            return f"toMoment({value})"
        if self.widget == "json":
            return f"fromJson({value})"
        if self.widget == "list":
            return f"toList({value}{_ELEMENT.get(self.field.element, '')})"
        if self.widget == "select":
            return f"{value} as {self.enum}" if not self.field.null and self.is_required else value
        return value

    @property
    def shown(self) -> str:
        """How the value is written for people, in the template's TypeScript."""
        row = f"row.{self.name}"
        kind = self.field.type
        if kind == "bool":
            return f"format.yesNo({row})"
        if kind in _NUMBERS | {"decimal"}:
            return f"format.number({row})"
        if kind == "date":
            return f"format.date({row})"
        if kind == "datetime":
            return f"format.moment({row})"
        if kind == "list":
            return f"format.list({row})"
        if kind == "json":
            return f"format.json({row})"
        if kind == "enum":
            text = f"t(`{self.key}.${{{row}}}`)"
            return f"{row} ? {text} : format.show(null)" if self.field.null else text
        return f"format.show({row})"

    @property
    def is_number(self) -> bool:
        return self.field.type in _NUMBERS | {"decimal"}


_CONVERTERS = {"json": ("fromJson", "toJson"), "list": ("toList",), "moment": ("toLocal", "toMoment")}
_ELEMENT = {"int": ", Number", "float": ", Number", "bool": ', (each) => each === "true"'}


@dataclass(frozen=True, slots=True)
class Linked:
    """Rows of another module, or of this one, that a row has: shown on its page and, when `linked`, chosen there."""

    field: Field
    name: str
    pascal: str
    key: str
    other: Other
    one: bool

    @property
    def linked(self) -> bool:
        return self.field.type == "many_to_many"


def derive(values: Mapping[str, object], project: Snapshot) -> Mapping[str, object]:
    """Return the derived values.

    Raises:
        UsageError: there is no such module, or it was not generated.
    """
    word = values["module"]
    has_app = units.load(project, "frontend", "app") is not None
    if not word:
        return {"needs": (), "has_app": has_app, "has_auth": units.load(project, "auth", "auth") is not None}
    unit = _unit(str(word), project)
    name = _name(unit)
    fields = _fields(unit)
    entity = _entity(name)
    controls = tuple(_control(field, name, entity, project) for field in fields if field.has_column)
    related = tuple(_linked(field, name, project) for field in fields if not field.has_column)
    visible = [each for each in controls if each.visible]
    naming = _naming(fields)
    title = next((each for each in visible if each.field is naming), None)
    plain = [each for each in visible if each is not title and each.field.type not in _BULKY]
    required = [each for each in controls if each.creatable and each.is_required]
    timestamps = not unit.values.get("no_timestamps")
    return {
        "needs": ("frontend.app", unit.id),
        "has_app": has_app,
        "has_auth": False,
        "entity": entity,
        "name": name,
        "kebab": name.kebab_plural,
        "camel": names.to_camel(name.plural),
        "pascal": name.pascal_plural,
        "one": names.to_camel(name.singular),
        "id": f"{names.to_camel(name.singular)}Id",
        "route": name.kebab_plural,
        "fields": controls,
        "creatable": [each for each in controls if each.creatable],
        "first_only": [each for each in controls if each.creatable and each.is_first_only],
        "updatable": [each for each in controls if each.updatable],
        "visible": visible,
        "title": title,
        "columns": plain[: _COLUMNS - 1],
        "formats": any("format." in each.shown and not each.other for each in plain[: _COLUMNS - 1]),
        "filters": [each for each in visible if each.sortable and each.widget in {"select", "check", "choice"}],
        "ranges": [each for each in visible if each.sortable and each.field.type == "date"],
        "searchable": any(is_searched(field) and not field.writeonly for field in fields),
        "timestamps": timestamps,
        "sort": "-createdAt" if timestamps else "",
        "related": related,
        "others": _others(controls, related),
        "enums": [each for each in controls if each.field.type == "enum"],
        "converters": sorted(
            {word for each in controls if each.creatable for word in _CONVERTERS.get(each.widget, ())}
        ),
        "title_texts": _titles(name),
        "messages": _messages(name, controls, related, timestamps=timestamps),
        "sample": _sample(visible, timestamps=timestamps),
        "first": next((each for each in required if each.widget in {"text", "area", "decimal", "email", "url"}), None),
    }


def _unit(word: str, project: Snapshot) -> Unit:
    found = units.load(project, "module", word)
    if found is not None:
        return found
    known = [each.name for each in units.of_kind(project, "module")]
    package_has = f"there is no generated module '{word}'"
    listed = f"there are {', '.join(known)}" if known else "make one with `arckode make:module`"
    raise UsageError(package_has, nearest(word, known) or listed)


def _name(unit: Unit) -> Name:
    words = cast("Mapping[str, str]", unit.values["name"])
    return Name(words["singular"], words["plural"])


def _fields(unit: Unit) -> tuple[Field, ...]:
    return field_files.fields_from_mapping(unit.values["field"])


def _entity(name: Name) -> str:
    return f"{name.pascal}Entity" if name.singular in reserved.CLASS_NAMES else name.pascal


def _naming(fields: Sequence[Field]) -> Field | None:
    """Return the field that people know a row by."""
    shown = [field for field in fields if field.type in _WORDY and not (field.writeonly or field.redact)]
    by_name = {field.name: field for field in shown}
    return next((by_name[name] for name in _NAMING if name in by_name), shown[0] if shown else None)


def _control(field: Field, name: Name, entity: str, project: Snapshot) -> Control:
    ending = f"{field.name}_value" if field.name in _TAKEN_ENUM_ENDINGS else field.name
    enum = entity + names.to_pascal(ending) if field.type == "enum" else ""
    other = _other(field.target, project) if field.type == "belongs_to" else None
    widget = _WIDGETS.get(field.type, "text")
    if field.type == "bool" and field.null:
        widget = "choice"
    return Control(
        field=field,
        name=field.json_name,
        key=f"{name.kebab_plural}.{names.to_camel(field.name)}",
        widget=widget,
        attributes=_attributes(field),
        enum=enum,
        values=f"{enum[:1].lower()}{enum[1:]}Values" if enum else "",
        other=other,
    )


_WIDGETS = {
    "text": "area", "int": "number", "bigint": "number", "float": "number", "decimal": "decimal", "bool": "check",
    "date": "date", "datetime": "moment", "time": "time", "json": "json", "list": "list", "enum": "select",
    "email": "email", "url": "url", "password": "password", "belongs_to": "picker", "bytes": "area",
}  # fmt: skip


def _attributes(field: Field) -> str:
    """Return what the control itself can check, as attributes."""
    found: dict[str, object] = {}
    low, high = field.min, field.max
    if field.type in {"str", "text", "slug", "url", "password", "email"}:
        longest = field.len or high or (field.db_length if field.type != "password" else None)
        found = {"minlength": field.len or low, "maxlength": longest}
    elif field.type in _NUMBERS:
        found = {"min": low, "max": high, "step": "any" if field.type == "float" else 1}
    if field.type == "slug":
        found["pattern"] = "[a-z0-9]+(-[a-z0-9]+)*"
    if field.type == "uuid":
        found["pattern"] = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    if field.type == "decimal":
        sign = "" if low is not None and float(low) >= 0 else "-?"
        whole = field.precision - field.scale
        places = f"(\\.\\d{{1,{field.scale}}})?" if field.scale else ""
        found |= {"data-min": low, "data-max": high}
        found["pattern"] = f"{sign}\\d{{1,{whole}}}{places}" if whole else f"{sign}0?{places}"
    if field.type == "time":
        found["step"] = 1
    return "".join(f' {name}="{value}"' for name, value in found.items() if value is not None)


def _other(target: str, project: Snapshot) -> Other:
    unit = _unit(target, project)
    name, fields = _name(unit), _fields(unit)
    naming = _naming(fields)
    return Other(
        plural=name.plural,
        camel=names.to_camel(name.plural),
        kebab=name.kebab_plural,
        row=f"{_entity(name)}Out",
        name=f"row.{naming.json_name}" + (" ?? row.id" if naming.null else "") if naming else "row.id",
        query=f"{name.pascal_plural}IndexQuery",
        searchable=any(is_searched(field) and not field.writeonly for field in fields),
    )


def _linked(field: Field, name: Name, project: Snapshot) -> Linked:
    other = _other(field.target, project)
    shown = field.shows[0] if field.shows else ""
    if field.target != name.plural:
        # What is shown of another module here is what the relation says, not what that module calls its rows.
        other = replace(other, name=f"row.{names.to_camel(shown)}" if shown else "row.id")
    return Linked(
        field=field,
        name=names.to_camel(field.name),
        pascal=names.to_pascal(field.name),
        key=f"{name.kebab_plural}.{names.to_camel(field.name)}",
        other=other,
        one=field.type == "has_one",
    )


def _others(controls: Sequence[Control], related: Sequence[Linked]) -> list[Other]:
    """Return every module whose rows are chosen from, once, as that module calls its rows."""
    found = {each.other.plural: each.other for each in related if each.linked}
    found |= {each.other.plural: each.other for each in controls if each.other}
    return [found[plural] for plural in sorted(found)]


def _words(text: str) -> str:
    return text.replace("_", " ").replace("-", " ").strip()


def _label(text: str) -> str:
    words = _words(text)
    return words[:1].upper() + words[1:]


def _messages(
    name: Name, controls: Sequence[Control], related: Sequence[Linked], *, timestamps: bool
) -> list[tuple[str, str, str]]:
    """Return every text of the module's pages: its key, in English and in Spanish."""
    prefix = name.kebab_plural
    found = {f"{prefix}.one": name.singular}
    for each in controls:
        found[each.key] = each.field.name
        found |= {f"{each.key}.{value}": value for value in each.field.values}
    found |= {each.key: each.field.name for each in related}
    if timestamps:
        found |= {f"{prefix}.createdAt": "created_at", f"{prefix}.updatedAt": "updated_at"}
    texts: list[tuple[str, str, str]] = []
    for key, word in found.items():
        english = {"created_at": "Created", "updated_at": "Changed"}.get(word) or _label(word)
        spanish = _SPANISH.get(word.lower(), english)
        if key == f"{prefix}.one":
            english, spanish = english[:1].lower() + english[1:], spanish[:1].lower() + spanish[1:]
        texts.append((key, english, spanish))
    return texts


def _titles(name: Name) -> tuple[str, str]:
    """Return what the module is called, with its key, in English and in Spanish: the navigation shows it."""
    english = _label(name.plural)
    spanish = _SPANISH.get(name.plural.lower(), english)
    key = json.dumps(f"{name.kebab_plural}.title")
    return f"{key}: {json.dumps(english, ensure_ascii=False)}", f"{key}: {json.dumps(spanish, ensure_ascii=False)}"


def _typed(control: Control) -> str:
    """Return a value that a test types or chooses, in TypeScript."""
    kind = control.field.type
    made = {
        "int": str(control.field.min or 1), "bigint": str(control.field.min or 1), "float": str(control.field.min or 1),
        "date": "2026-11-22", "datetime": "2026-11-22T10:00", "time": "10:00:00", "email": "ada@example.com",
        "url": examples.url_start(control.field), "json": "{}", "slug": "first",
        "uuid": "00000000-0000-4000-8000-000000000001",
        "belongs_to": "00000000-0000-4000-8000-000000000001", "decimal": str(control.field.min or "1"),
        "enum": control.field.values[0] if control.field.values else "",
    }.get(kind, "first")  # fmt: skip
    return json.dumps(made)


def _sample(visible: Sequence[Control], *, timestamps: bool) -> list[tuple[str, str]]:
    """Return a row as the API answers it, in TypeScript."""
    rows = [("id", '"00000000-0000-4000-8000-000000000001"')]
    rows += [(each.name, _value(each)) for each in visible]
    if timestamps:
        rows += [(name, '"2026-11-22T10:00:00Z"') for name in ("createdAt", "updatedAt")]
    return rows


def _value(control: Control) -> str:
    field = control.field
    if field.type == "bool":
        return "true"
    if field.type in _NUMBERS:
        return str(field.min or 1)
    if field.type == "list":
        return "[]"
    if field.type == "json":
        return "{}"
    texts = {"datetime": "2026-11-22T10:00:00Z"}
    return json.dumps(texts[field.type]) if field.type in texts else _typed(control)
