"""What a person adds by hand to the generated project that the client is driven against: a form, a table, news."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from shop.kernel.access import SIGNED_IN  # type: ignore[import-not-found]  # the project of the test
from shop.kernel.app import Kernel  # type: ignore[import-not-found]
from shop.kernel.http.routing import ModuleRouter  # type: ignore[import-not-found]
from shop.kernel.http.uploads import Parts  # type: ignore[import-not-found]
from shop.kernel.storage import STORAGE, Storage  # type: ignore[import-not-found]
from shop.kernel.streams import STREAMS, Streams  # type: ignore[import-not-found]


class CsvResponse(StreamingResponse):
    media_type = "text/csv"


class PapersController:
    def __init__(self, storage: Storage, streams: Streams) -> None:
        self._storage = storage
        self._streams = streams

    def router(self) -> APIRouter:
        routes = ModuleRouter("papers")
        routes.post("", self.store, access=SIGNED_IN)
        routes.post("/news", self.tell, access=SIGNED_IN, status=204)
        routes.get("/{name}.csv", self.show, access=SIGNED_IN)
        router: APIRouter = routes.router
        return router

    async def store(self, parts: Parts) -> list[str]:
        keys = []
        async for part in parts:
            if part.filename:
                await self._storage.put(f"papers/{part.safe_name}", part.content, limit=100_000)
                keys.append(part.safe_name)
        return keys

    async def tell(self) -> None:
        for number in range(3):
            await self._streams.publish("news", "printed", {"number": number})

    async def show(self, name: str) -> CsvResponse:
        content = await self._storage.stream(f"papers/{name}.csv")
        return CsvResponse(content, headers={"content-disposition": f'attachment; filename="{name}.csv"'})


def register_papers(kernel: Kernel) -> None:
    controller = PapersController(kernel.adapter(STORAGE), kernel.adapter(STREAMS))
    kernel.add_module("papers", service=controller, router=controller.router())
