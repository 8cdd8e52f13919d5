"""What each kind of expression stands for: one small function per kind, all asking the resolver about the parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arckode_analyzers.model import library
from arckode_analyzers.model.takers import taker
from arckode_analyzers.model.values import Value, instance

if TYPE_CHECKING:
    from collections.abc import Callable

    from arckode_analyzers.facts.shapes import Shape
    from arckode_analyzers.model.resolver import Resolver
    from arckode_analyzers.model.source import Source


_SUPER = ("name", "super")


def _name(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value | None:
    return resolver.name(source, function, str(shape[1]))


def _attr(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value | None:
    match shape:
        case ("attr", tuple(base), str(name)):
            if base[0] == "call" and base[1] == _SUPER:
                return _inherited(resolver, source, function, name)
            owner = resolver.value(source, function, base)
            return None if owner is None else resolver.attribute(owner, name)
    return None


def _inherited(resolver: Resolver, source: Source, function: int, name: str) -> Value | None:
    owner = source.method_owner(function)
    return None if owner < 0 else resolver.inherited(source.class_symbols[owner], name)


def _call(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value | None:
    match shape:
        case ("call", ("name", "getattr"), (tuple(base), ("const", str(name)), *_), _):
            owner = resolver.value(source, function, base)
            return None if owner is None else resolver.attribute(owner, name)
        case ("call", tuple(func), tuple(args), _):
            callee = resolver.value(source, function, func) or taker(resolver, source, function, func, args)
            return resolver.called(callee, tuple(resolver.value(source, function, arg) for arg in args))
    return None


def _item(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value | None:
    match shape:
        case ("item", tuple(base), tuple(index)):
            owner = resolver.value(source, function, base)
            if owner is None or owner.kind not in {"class", "external"}:
                return owner if index[0] == "slice" else library.element(owner, by_key=True)
            said = resolver.annotation(source, function, shape)
            return None if said is None else Value("class", said.name, said.args)
    return None


def _either(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value | None:
    choices = shape[1] if isinstance(shape[1], tuple) else ()
    for choice in choices:
        found = resolver.value(source, function, choice)
        if found is not None and found.name != "builtins.None":
            return found
    return None


def _const(_: Resolver, __: Source, ___: int, shape: Shape) -> Value:
    return instance(f"builtins.{'None' if shape[1] is None else type(shape[1]).__name__}")


def _display(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value:
    elements = shape[2] if isinstance(shape[2], tuple) else ()
    first = resolver.value(source, function, elements[0]) if elements else None
    return instance(f"builtins.{shape[1]}", *((first,) if first else ()))


def _comp(resolver: Resolver, source: Source, function: int, shape: Shape) -> Value:
    found = resolver.value(source, function, shape[1]) if isinstance(shape[1], tuple) else None
    return instance("builtins.list", *((found,) if found else ()))


def _lambda(_: Resolver, source: Source, __: int, shape: Shape) -> Value | None:
    match shape:
        case ("lambda", int(line), int(column)):
            # One that stands as an annotation is no function of the file: nothing can call it.
            index = source.lambdas.get((line, column))
            return None if index is None else Value("function", source.function_symbols[index])
    return None


EXPRESSIONS: dict[str, Callable[[Resolver, Source, int, Shape], Value | None]] = {
    "name": _name,
    "attr": _attr,
    "call": _call,
    "item": _item,
    "either": _either,
    "const": _const,
    "display": _display,
    "comp": _comp,
    "lambda": _lambda,
}
