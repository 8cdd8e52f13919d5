"""Routes that hide each other (ARC306): near misses and dodges beyond the rule's own examples."""

from __future__ import annotations

import pytest

from tests.rules.projects import expected, places

HEAD = "from fastapi import APIRouter, FastAPI\n\nrouter = APIRouter()\n\n"


def _pair(first: str, second: str, *, taken: bool) -> dict[str, str]:
    mark = "  # error: ARC306" if taken else ""
    text = f'@router.get("{first}")\nasync def one(): ...\n\n@router.get("{second}")\nasync def two(): ...{mark}\n'
    return {"src/app/routes.py": HEAD + text}


PAIRS = [
    pytest.param("/{id}", "/search", True, id="a parameter takes a word"),
    pytest.param("/search", "/{id}", False, id="a word does not take a parameter"),
    pytest.param("/{id}", "/{name}", True, id="parameters with other names are the same path"),
    pytest.param("/{id:int}", "/search", False, id="a number does not take a word"),
    pytest.param("/{id:int}", "/7", True, id="a number takes a number"),
    pytest.param("/7", "/{id:int}", False, id="one number does not take all of them"),
    pytest.param("/{id:uuid}", "/{id:int}", False, id="two converters"),
    pytest.param("/{id}", "/{id:int}", True, id="any text takes a number"),
    pytest.param("/{id:int}", "/{id}", False, id="a number does not take any text"),
    pytest.param("/{x:float}", "/{x:int}", True, id="a decimal takes a whole number"),
    pytest.param("/{p:path}", "/a/b/c", True, id="a path takes everything below"),
    pytest.param("/files/{p:path}", "/other/a", False, id="a path elsewhere takes nothing"),
    pytest.param("/{id}", "/a/b", False, id="one segment does not take two"),
    pytest.param("/{id}", "/{id}/", False, id="a trailing slash is another path"),
    pytest.param("/{id}/parts", "/latest/parts", True, id="a parameter in front of a word"),
    pytest.param("/{id}/parts", "/latest/{part}", False, id="each takes some of the other"),
    pytest.param("/{name}.json", "/report.json", True, id="a parameter with an ending"),
    pytest.param("/{name}.json", "/report.csv", False, id="another ending"),
    pytest.param("/a", "/a", True, id="the same path twice"),
    pytest.param("", "/", False, id="nothing and a slash"),
]


@pytest.mark.parametrize(("first", "second", "taken"), PAIRS)
def test_a_route_takes_the_requests_of_a_later_one(first: str, second: str, taken: bool) -> None:
    files = _pair(first, second, taken=taken)
    assert places(files, "ARC306") == expected(files)


_HOSTED = {"src/app/hosted.py": "from app import one\nfrom app.main import app\n\napp.include_router(one.router)\n"}
CASES: dict[str, dict[str, str]] = {
    "registered by calls, constants and several methods": {
        "src/app/routes.py": HEAD
        + """\
BASE = "/things"

async def index(): ...
async def show(): ...
async def again(): ...

router.add_api_route(BASE, index)
router.add_api_route(BASE, show, methods=["POST", "PUT"])
router.add_api_route(BASE, again, methods=["PUT"])  # error: ARC306
router.get(BASE + "/x")(index)
router.get("/y")(index)
router.get("/y")(show)  # error: ARC306

@router.api_route("/both", methods=["GET", "POST"])
async def both(): ...

@router.delete("/both")
async def delete_both(): ...

@router.post("/both")
async def post_both(): ...  # error: ARC306
""",
    },
    "prefixes of includes count, as often as a router is included": {
        "src/app/main.py": """\
from fastapi import APIRouter, FastAPI
from app import a
from app.b import router as b
from app.settings import prefix

app = FastAPI()
api = APIRouter(prefix="/api")
api.include_router(a.router, prefix="/a")
api.include_router(b, prefix="/b")
app.include_router(api)
for each in (a.router, b):
    app.include_router(each, prefix="/v1")

@app.get("/api/b/x")
async def direct(): ...  # error: ARC306

other = FastAPI()
other.include_router(b, prefix=prefix)

@other.get("/x")
async def elsewhere(): ...
""",
        "src/app/a.py": """\
from fastapi import APIRouter

router = APIRouter()

@router.get("/x")
async def one(): ...
""",
        "src/app/b.py": """\
from fastapi import APIRouter

router = APIRouter()

@router.get("/x")
async def two(): ...  # error: ARC306

@router.get("/{name}")
async def three(): ...
""",
    },
    "what is included elsewhere under a condition may not be there at the same time": {
        "src/app/main.py": """\
from fastapi import FastAPI
from app import one, two
from app.settings import is_open

app = FastAPI()
if is_open:
    app.include_router(two.router)
""",
        **_HOSTED,
        "src/app/one.py": HEAD + '@router.get("/x")\nasync def one(): ...\n',
        "src/app/two.py": HEAD + '@router.get("/x")\nasync def two(): ...\n',
    },
    "what is included elsewhere without one is": {
        "src/app/main.py": """\
from fastapi import FastAPI
from app import one, two

app = FastAPI()
app.include_router(two.router)
""",
        **_HOSTED,
        "src/app/one.py": HEAD + '@router.get("/x")\nasync def one(): ...\n',
        "src/app/two.py": HEAD + '@router.get("/x")\nasync def two(): ...  # error: ARC306\n',
    },
    "what is included under a condition behind what always is": {
        "src/app/main.py": """\
from fastapi import FastAPI
from app import one, two
from app.settings import is_open

app = FastAPI()
app.include_router(one.router)
if is_open:
    app.include_router(two.router)
""",
        "src/app/one.py": HEAD + '@router.get("/x")\nasync def one(): ...\n',
        "src/app/two.py": HEAD + '@router.get("/x")\nasync def two(): ...  # error: ARC306\n',
    },
    "routers that are nobody's child are judged alone, whatever their paths": {
        "src/app/one.py": HEAD + '@router.get("/x")\nasync def one(): ...\n',
        "src/app/two.py": HEAD + '@router.get("/x")\nasync def two(): ...\n',
    },
    "a mounted application has paths of its own": {
        "src/app/main.py": """\
from fastapi import FastAPI

app, api = FastAPI(), FastAPI()
main = FastAPI()
sub = FastAPI()

@main.get("/sub/x")
async def one(): ...

main.mount("/sub", sub)

@sub.get("/x")
async def two(): ...  # error: ARC306

@sub.get("/y")
async def three(): ...
""",
    },
    "one handler, one condition and versions are no conflict": {
        "src/app/routes.py": HEAD
        + """\
from fastapi_versioning import version
from app.settings import debug

@router.get("/a")
@router.get("/a")
async def one(): ...

if debug:
    @router.get("/b")
    async def two(): ...
else:
    @router.get("/b")
    async def three(): ...

@router.get("/c")
@version(1)
async def four(): ...

@router.get("/c")
@version(2)
async def five(): ...

def make(kind):
    if kind:
        own = APIRouter()
        @own.get("/d")
        async def six(): ...
        return own
    own = APIRouter()
    @own.get("/d")
    async def seven(): ...
    return own
""",
    },
    "modules of the kernel, in the order in which the root registers them": {
        "src/shop/composition_root.py": """\
from shop.kernel.app import Kernel
from shop.modules.a import register_a
from shop.modules.b import register_b

def compose(settings):
    kernel = Kernel(settings)
    register_b(kernel)
    register_a(kernel)
    return kernel
""",
        "src/shop/modules/a/__init__.py": """\
from shop.kernel.access import PUBLIC
from shop.kernel.app import Kernel
from shop.kernel.http.routing import ModuleRouter

class A:
    def router(self):
        routes = ModuleRouter("orders")
        routes.get("/search", self.search, access=PUBLIC)  # error: ARC306
        routes.post("/search", self.save, access=PUBLIC)
        return routes.router

    async def search(self): ...
    async def save(self): ...

def register_a(kernel: Kernel) -> None:
    kernel.add_module("a", service=object(), router=A().router())
""",
        "src/shop/modules/b/__init__.py": """\
from shop.kernel.access import PUBLIC
from shop.kernel.app import Kernel
from shop.kernel.http.routing import ModuleRouter

class B:
    def router(self):
        routes = ModuleRouter("b", prefix="/orders")
        routes.get("/{name}", self.show, access=PUBLIC)
        return routes.router

    async def show(self, name): ...

def register_b(kernel: Kernel) -> None:
    kernel.add_module("b", service=object(), router=B().router())
""",
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in CASES.items()])
def test_only_what_no_request_reaches_is_reported(files: dict[str, str]) -> None:
    assert places(files, "ARC306") == expected(files)
