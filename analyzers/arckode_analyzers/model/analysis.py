"""The model that rules read: built once per run, each expensive part when the first rule asks for it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from arckode_analyzers.model.access import Access
from arckode_analyzers.model.acts import Acts, running
from arckode_analyzers.model.arguments import Arguments
from arckode_analyzers.model.boot import Boot
from arckode_analyzers.model.calls import CallAt, CallGraph
from arckode_analyzers.model.columns import Columns
from arckode_analyzers.model.cycles import Cycles
from arckode_analyzers.model.declared_events import DeclaredEvents
from arckode_analyzers.model.effects import Effects
from arckode_analyzers.model.endpoints import Endpoints
from arckode_analyzers.model.evidence import Evidence
from arckode_analyzers.model.front import Front
from arckode_analyzers.model.keys import Keys
from arckode_analyzers.model.leads import Leads
from arckode_analyzers.model.loading import Loading
from arckode_analyzers.model.loops import Loops
from arckode_analyzers.model.module_graph import ModuleGraph
from arckode_analyzers.model.modules import Modules
from arckode_analyzers.model.mounts import Mounts
from arckode_analyzers.model.permissions import Permissions
from arckode_analyzers.model.purity import Purity
from arckode_analyzers.model.resolver import Resolver
from arckode_analyzers.model.route_reach import RouteReach
from arckode_analyzers.model.routes import Routes
from arckode_analyzers.model.schemas import Schemas
from arckode_analyzers.model.secret_answers import SecretAnswers
from arckode_analyzers.model.secret_values import SecretValues
from arckode_analyzers.model.settings import Settings
from arckode_analyzers.model.sql_text import SqlTexts
from arckode_analyzers.model.statements import Statements
from arckode_analyzers.model.stored_events import StoredEvents
from arckode_analyzers.model.tables import Tables
from arckode_analyzers.model.transactions import Transactions
from arckode_analyzers.model.units_of_work import UnitsOfWork
from arckode_analyzers.model.values import Value
from arckode_analyzers.model.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from arckode_analyzers.model.calls import Target
    from arckode_analyzers.model.dangers import Dangers
    from arckode_analyzers.model.migrations import Migrations
    from arckode_analyzers.model.project import FunctionAt, Project
    from arckode_analyzers.model.schema_drift import SchemaDrift
    from arckode_analyzers.model.source import Source
    from arckode_analyzers.sql.reading import Reader


class Analysis:
    """What rules may ask about a project; `base` is the project as it was on the branch to compare with."""

    def __init__(
        self,
        project: Project,
        base: Project | None = None,
        statements: Callable[[], MutableMapping[str, tuple[tuple[object, ...], ...]]] = dict,
    ) -> None:
        self.project = project
        self.base = base
        self._statements_read = statements
        self.resolver = Resolver(project)
        self.value = self.resolver.value  # most of what rules ask goes there
        self.graph = CallGraph(project, self.resolver)
        self._stopping: dict[str, Effects] = {}
        self._leads: dict[str, Leads] = {}

    @cached_property
    def effects(self) -> Effects:
        """Which functions end in a query."""
        return Effects(self.graph)

    def effects_stopping(
        self, name: str, stops: Callable[[FunctionAt], bool], wanted: Callable[[Target], bool] | None = None
    ) -> Effects:
        """Return a summary that does not climb past some functions; a rule names its own, computed once."""
        if name not in self._stopping:
            given = {} if wanted is None else {"wanted": wanted}
            self._stopping[name] = Effects(self.graph, stops=stops, **given)
        return self._stopping[name]

    def leads(self, name: str, wanted: Callable[[CallAt], str]) -> Leads:
        """Return which calls lead to a wanted one; a rule names its own question, answered once."""
        if name not in self._leads:
            self._leads[name] = Leads(self.graph, wanted)
        return self._leads[name]

    @cached_property
    def cycles(self) -> Cycles:
        """Which functions call each other in a circle."""
        return Cycles(self.graph)

    @cached_property
    def loops(self) -> Loops:
        return Loops(self.graph)

    @cached_property
    def routes(self) -> Routes:
        return Routes(self.project, self.resolver)

    @cached_property
    def acts(self) -> Acts:
        """What is done with events, jobs, sockets and the schema."""
        return Acts(self.graph)

    @cached_property
    def stored_events(self) -> StoredEvents:
        return StoredEvents(self.graph, self.acts)

    @cached_property
    def declared_events(self) -> DeclaredEvents:
        return DeclaredEvents(self.graph, self.acts)

    @cached_property
    def settings(self) -> Settings:
        return Settings(self.project, self.resolver)

    @cached_property
    def transactions(self) -> Transactions:
        return Transactions(self)

    @cached_property
    def purity(self) -> Purity:
        return Purity(self)

    @cached_property
    def mounts(self) -> Mounts:
        return Mounts(self)

    @cached_property
    def secret_answers(self) -> SecretAnswers:
        return SecretAnswers(self)

    @cached_property
    def secret_values(self) -> SecretValues:
        return SecretValues(self)

    @cached_property
    def boot(self) -> Boot:
        return Boot(self.graph, self.wiring)

    @cached_property
    def running(self) -> dict[str, tuple[CallAt, ...]]:
        """The functions that run once requests are served, with the way there."""
        handlers = (route.handler for route in self.routes.all if route.handler is not None)
        return running(self.graph, self.acts, handlers)

    @cached_property
    def access(self) -> Access:
        """Who may call each route, and what the routes let out."""
        return Access(self)

    @cached_property
    def permissions(self) -> Permissions:
        return Permissions(self)

    @cached_property
    def tables(self) -> Tables:
        return Tables(self.project, self.resolver)

    @cached_property
    def arguments(self) -> Arguments:
        return Arguments(self.graph)

    @cached_property
    def keys(self) -> Keys:
        return Keys(self)

    @cached_property
    def statements(self) -> Statements:
        return Statements(self)

    @cached_property
    def units_of_work(self) -> UnitsOfWork:
        return UnitsOfWork(self)

    @cached_property
    def route_reach(self) -> RouteReach:
        return RouteReach(self)

    @cached_property
    def loading(self) -> Loading:
        return Loading(self)

    @cached_property
    def columns(self) -> Columns:
        return Columns(self.project, self.resolver, self.tables)

    @cached_property
    def front(self) -> Front:
        return Front(self)

    @cached_property
    def endpoints(self) -> Endpoints:
        return Endpoints(self)

    @cached_property
    def schemas(self) -> Schemas:
        return Schemas(self.project, self.resolver, self.tables)

    @cached_property
    def migrations(self) -> Migrations:
        from arckode_analyzers.model.migrations import Migrations  # see below

        return Migrations(self, self.sql_reader)

    @cached_property
    def dangers(self) -> Dangers:
        from arckode_analyzers.model.dangers import Dangers  # a gate that judges no migration reads no SQL

        return Dangers(self.migrations)

    @cached_property
    def schema_drift(self) -> SchemaDrift:
        from arckode_analyzers.model.declared_tables import DeclaredTables  # see above
        from arckode_analyzers.model.schema_drift import SchemaDrift

        return SchemaDrift(self.project, self.migrations, lambda: DeclaredTables(self))

    @cached_property
    def sql_reader(self) -> Reader:
        """What reads SQL statements, and remembers what it read."""
        from arckode_analyzers.sql.reading import Reader  # not needed where no rule reads SQL

        return Reader(self._statements_read())

    @property
    def has_read_sql(self) -> bool:
        return "sql_reader" in vars(self)

    @cached_property
    def sql_texts(self) -> SqlTexts:
        """Which calls run SQL given as text."""
        return SqlTexts(self)

    @cached_property
    def modules(self) -> Modules:
        return Modules(self.project)

    @cached_property
    def callers(self) -> Mapping[str, tuple[CallAt, ...]]:
        """The calls that reach each function of the project."""
        found: dict[str, list[CallAt]] = {}
        for call in self.graph.calls():
            for target in self.graph.reached(call):
                if target.symbol:
                    found.setdefault(target.symbol, []).append(call)
        return {symbol: tuple(calls) for symbol, calls in found.items()}

    @cached_property
    def evidence(self) -> Evidence:
        """What the tests exercise."""
        return Evidence(self.project)

    @cached_property
    def doors(self) -> Mapping[str, Source]:
        """The packages of the modules, by dotted name."""
        return {
            source.module: source
            for source in self.project.sources.values()
            if source.unit and source.is_package and source.module.endswith(f"modules.{source.unit}")
        }

    @cached_property
    def door_packages(self) -> frozenset[str]:
        """The doors' dotted names and those of the packages they are in."""
        return frozenset(name[:end] for name in self.doors for end, letter in enumerate(f"{name}.") if letter == ".")

    @cached_property
    def names_inside(self) -> frozenset[str]:
        """What files directly behind a door are called."""
        places = (module.rpartition(".") for module in self.project.modules)
        return frozenset(name for package, _, name in places if package in self.doors)

    @cached_property
    def module_graph(self) -> ModuleGraph:
        """Which module makes which other one act."""
        return ModuleGraph(self)

    @cached_property
    def wiring(self) -> Wiring:
        return Wiring(self.graph)

    def calls(self, source: Source) -> tuple[CallAt, ...]:
        """Return the calls of one file in source order."""
        return source.written_calls

    def implied(self, source: Source) -> Iterator[CallAt]:
        """Yield the calls of one file that are not written as calls: properties and operators."""
        return iter(source.implied_calls)

    def calls_in(self, function: FunctionAt) -> Iterator[CallAt]:
        """Yield the calls of one function in source order."""
        return self.calls_of(function.source, function.index)

    def calls_of(self, source: Source, function: int) -> Iterator[CallAt]:
        """Yield the calls of one function of a file in source order; 0 is the module's own code."""
        return (source.written_calls[at] for at in source.numbers_of.get(function, ()))

    def callee(self, call: CallAt) -> Value | None:
        return call.value

    def reached(self, call: CallAt) -> tuple[Target, ...]:
        return call.targets

    def class_value(self, source: Source, index: int) -> Value:
        """Return a class of a file as a value."""
        return Value("class", source.class_symbols[index])
