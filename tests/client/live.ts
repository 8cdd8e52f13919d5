import assert from "node:assert/strict";
import * as bodies from "./bodies/index";
import { run } from "./checks";
import * as live from "./live/index";
import * as parameters from "./parameters/index";
import * as shop from "./shop/index";

const base = { baseUrl: process.env["LIVE"]!, retries: 2 };
const config = { config: base };
const store = { config: { baseUrl: process.env["SHOP"]! } };
const nowhere = { config: { baseUrl: "http://127.0.0.1:1", retries: 1 } };

async function failure(call: Promise<unknown> | AsyncIterable<unknown>): Promise<unknown> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  } catch (error) {
    return error;
  }
  throw new Error("it should have failed");
}

interface Seen {
  url: string;
  headers: Headers;
  body: unknown;
}

/** A configuration whose requests go nowhere and are looked at. */
function watched(answer: string): { seen: Seen; config: live.Config } {
  const seen: Seen = { url: "", headers: new Headers(), body: null };
  const fetch: NonNullable<live.Config["fetch"]> = async (input, init) => {
    Object.assign(seen, { url: String(input), headers: new Headers(init?.headers), body: init?.body ?? null });
    return new Response(answer, { headers: { "content-type": "application/json" } });
  };
  return { seen, config: { baseUrl: "http://x", fetch } };
}

const checks: Record<string, () => Promise<void>> = {
  async json() {
    const made = await shop.ordersStore({ total: "12.50", note: "ñ" }, store);
    assert.equal(made.total, "12.50");
    assert.equal(made.status, "draft");
    const changed = await shop.ordersUpdate(made.id, { status: "paid" }, {}, store);
    assert.equal(changed.status, "paid");
    assert.deepEqual(await shop.ordersShow(made.id, store), changed);
    assert.deepEqual(shop.orderStatusValues, ["draft", "paid"]);
  },
  async no_content() {
    const made = await shop.ordersStore({ total: "1" }, store);
    assert.equal(await shop.ordersDestroy(made.id, {}, store), undefined);
    const error = await failure(shop.ordersShow(made.id, store));
    assert(shop.isApiError(error, shop.ordersShow) && error.status === 404);
    assert.equal(error.body.title, "Not Found");
    assert.match(error.message, /404/);
  },
  async pages() {
    for (let n = 0; n < 7; n++) await shop.ordersStore({ total: "1", note: "paged" }, store);
    for (const total of [true, false]) {
      const notes: unknown[] = [];
      const query = { limit: 3, total };
      for await (const order of shop.paginate(shop.ordersIndex, query, store)) notes.push(order.note);
      assert(notes.filter((note) => note === "paged").length === 7, String(notes));
    }
  },
  async conflict_409() {
    await shop.tagsStore({ label: "once" }, store);
    const error = await failure(shop.tagsStore({ label: "once" }, store));
    assert(shop.isApiError(error, shop.tagsStore) && error.status === 409);
    assert.equal(error.body.errors[0]?.pointer, "/label");
  },
  async fields_422() {
    const error = await failure(shop.ordersStore({ total: "x", status: "gone" as "paid" }, store));
    assert(shop.isApiError<shop.OrdersStoreErrors>(error) && error.status === 422);
    assert.deepEqual(error.body.errors.map((each) => each.pointer).sort(), ["/status", "/total"]);
    assert.equal(error.requestId, error.body.requestId);
    assert(!(error instanceof shop.UnexpectedAnswer));
  },
  async upload() {
    const file = new File(["12345"], "ñ.txt");
    const found = await live.upload({ file, others: [new Blob(["1"]), new Blob(["22"])], note: null }, config);
    assert.deepEqual(found, { name: "ñ.txt", size: 5, note: null, others: [1, 2] });
  },
  async download() {
    const file = await live.report(config);
    assert.equal(file.name, "señales.csv");
    assert.equal(file.type.split(";")[0], "text/csv");
    assert.equal(await file.text(), "id,name\n1,ñ\n");
    assert.equal(await live.words(config), "just words");
  },
  async form() {
    const found = await live.login({ username: "me", password: "right & proper" }, { ...config, auth: false });
    assert.equal(found.token, "fresh-1");
    const error = await failure(live.login({ username: "me", password: "wrong" }, { ...config, auth: false }));
    assert(error instanceof live.HttpError && error.status === 401);
  },
  async query_and_path() {
    assert.equal(await live.echo({ ids: [1, 2], q: "a&b c" }, config), "ids=1&ids=2&q=a%26b+c");
    assert.equal(await live.echo(undefined, config), "");
    assert.equal(await live.pathValue("a b?c#d%", config), "a b?c#d%");
    for (const value of [".", ".."]) assert.throws(() => live.pathValue(value, config), TypeError);
    assert.equal(await live.pathValue("...", config), "...");
  },
  async styles_of_parameters() {
    const { seen, config } = watched('"x"');
    const query = { shared: 1, ids: [1, 2], tags: ["a", "b"], pipes: ["c", "d"], filter: { price: { gt: 5 } } };
    const more = { "odd-name": { a: 1 }, open: { x: "y" }, maybe: null };
    await parameters.aShow(1, "a/b", { ...query, ...more }, { "X-Trace": "t" }, { config });
    const lists = "shared=1&ids=1&ids=2&tags=a,b&pipes=c|d";
    const wanted = `http://x/a/1/b/a%2Fb?${lists}&odd-name={"a":1}&filter[price][gt]=5&x=y`;
    assert.equal(decodeURIComponent(seen.url), decodeURIComponent(wanted));
    assert.equal(seen.headers.get("x-trace"), "t");
    await parameters.aShow(1, "f", { shared: 1 }, undefined, { config });
    assert.equal(seen.url, "http://x/a/1/b/f?shared=1");
  },
  async schemes() {
    const { seen, config } = watched('"x"');
    const show = (authorize: parameters.Session["authorize"]) =>
      parameters.aShow(1, "f", { shared: 1 }, undefined, { config: { ...config, authorize } });
    await show(parameters.inQuery(() => "a&b"));
    assert.equal(seen.url, "http://x/a/1/b/f?shared=1&key=a%26b");
    await show(parameters.userAndPassword(() => "me:pw"));
    assert.equal(seen.headers.get("authorization"), `Basic ${btoa("me:pw")}`);
    await show(parameters.key(async () => "k"));
    assert.equal(seen.headers.get("x-key"), "k");
    await show(parameters.bearer(() => undefined));
    assert.equal(seen.headers.get("authorization"), null);
    let schemes: readonly string[] | undefined;
    const authorize = (_: parameters.Outgoing, wanted?: readonly string[]) => void (schemes = wanted);
    await parameters.adminPut("a", "b", "c", undefined, { needed: "x" }, { config: { ...config, authorize } });
    assert.deepEqual(schemes, ["key"]);
    schemes = ["never asked"];
    await parameters.openShow({ config: { ...config, authorize } });
    assert.deepEqual(schemes, ["never asked"]);
  },
  async kinds_of_bodies() {
    const { seen, config } = watched("{}");
    await bodies.many({ a: 1 }, { config });
    assert.deepEqual([seen.headers.get("content-type"), seen.body], ["application/merge-patch+json", '{"a":1}']);
    await bodies.many(undefined, { config });
    assert.deepEqual([seen.headers.get("content-type"), seen.body], ["application/merge-patch+json", null]);
    await bodies.login({ user: "a b&c" }, { config });
    assert.equal(String(seen.body), "user=a+b%26c");
    const nested = bodies.form({ list: [1, 2], deep: { a: { b: 1 }, c: [{ d: 2 }] }, none: null });
    assert.equal(decodeURIComponent(String(nested)), "list=1&list=2&deep[a][b]=1&deep[c][0][d]=2");
    await bodies.raw(new Blob(["zip"]), { config });
    assert.equal(seen.headers.get("content-type"), "application/zip");
    assert(seen.body instanceof Blob);
  },
  async one_refresh_for_twenty() {
    let token = "expired";
    let renewals = 0;
    const session = live.session({
      authorize: live.httpBearer(() => token),
      refresh: async () => {
        renewals++;
        token = (await live.refresh(undefined, { ...config, auth: false })).token;
        return true;
      },
    });
    const own = { config: { ...base, ...session } };
    const before = await live.hits("refresh", config);
    const all = await Promise.all(Array.from({ length: 20 }, () => live.me(own)));
    assert(all.every((each) => each["authorization"] === "Bearer fresh-1"));
    assert.equal(renewals, 1);
    assert.equal((await live.hits("refresh", config)) - before, 1);
    await live.me(own);
    assert.equal(renewals, 1);
  },
  async signed_out() {
    let told = 0;
    const authorize = live.httpBearer(() => "expired");
    const session = live.session({ authorize, refresh: async () => false, onSignedOut: () => told++ });
    const error = await failure(live.me({ config: { ...base, ...session } }));
    assert(error instanceof live.HttpError && error.status === 401);
    assert.equal(told, 1);
    const useless = live.session({ authorize, refresh: async () => true });
    const again = await failure(live.me({ config: { ...base, ...useless } }));
    assert(again instanceof live.HttpError && again.status === 401);
    const without = await failure(live.me({ config: { ...base, authorize } }));
    assert(without instanceof live.HttpError && without.status === 401);
  },
  async broken_refresh() {
    const authorize = live.httpBearer(() => "expired");
    const refresh = async () => Promise.reject(new live.NetworkError("away"));
    const session = live.session({ authorize, refresh });
    const error = await failure(live.me({ config: { ...base, ...session } }));
    assert(error instanceof live.NetworkError);
  },
  async hung_refresh() {
    const ten = AbortSignal.timeout;
    AbortSignal.timeout = (milliseconds) => ten(milliseconds / 100);
    try {
      let told = 0;
      const authorize = live.httpBearer(() => "expired");
      const refresh = () => new Promise<boolean>(() => undefined);
      const session = live.session({ authorize, refresh, onSignedOut: () => told++ });
      const error = await failure(live.me({ config: { ...base, ...session } }));
      assert(error instanceof live.HttpError && error.status === 401);
      assert.equal(told, 1);
    } finally {
      AbortSignal.timeout = ten;
    }
  },
  async ids() {
    const own = { config: { ...base, authorize: live.httpBearer(() => "fresh-1") } };
    const first = await live.me({ ...own, correlationId: "c-1" });
    const second = await live.me(own);
    assert.match(first["x-request-id"]!, /^[0-9-]{10,}$/);
    assert.notEqual(first["x-request-id"], second["x-request-id"]);
    assert.equal(first["x-correlation-id"], "c-1");
    const named = await live.me({ config: { ...own.config, requestId: () => "r-1" }, headers: { "x-correlation-id": "h" } });
    assert.deepEqual([named["x-request-id"], named["x-correlation-id"]], ["r-1", "h"]);
  },
  async html_502() {
    const before = await live.hits("html", config);
    const error = await failure(live.htmlFromAProxy({ status: 502 }, { ...config, retries: 1 }));
    assert(error instanceof live.UnexpectedAnswer && error.status === 502);
    assert.match(String(error.body), /Bad gateway/);
    assert(!live.isApiError(error));
    assert.equal((await live.hits("html", config)) - before, 2);
    const fine = await failure(live.htmlFromAProxy({ status: 200 }, config));
    assert(fine instanceof live.UnexpectedAnswer && fine.status === 200);
  },
  async timeout() {
    const error = await failure(live.slow({ seconds: 30 }, { ...config, timeout: 100, retries: 0 }));
    assert(error instanceof live.TimeoutError);
    assert.equal(await live.slow({ seconds: 0.2 }, { ...config, timeout: 0 }), "at last");
  },
  async network() {
    const error = await failure(live.words(nowhere));
    assert(error instanceof live.NetworkError && !(error instanceof live.TimeoutError));
    assert(error.cause instanceof TypeError);
  },
  async abort() {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    const error = await failure(live.slow({ seconds: 30 }, { ...config, signal: controller.signal }));
    assert.equal((error as Error).message, "enough");
    const before = await failure(live.words({ ...config, signal: controller.signal }));
    assert.equal((before as Error).message, "enough");
    const waiting = new AbortController();
    setTimeout(() => waiting.abort(), 50);
    const between = await failure(live.busy("waiting", { times: 9, after: "20" }, { ...config, signal: waiting.signal }));
    assert.equal((between as Error).name, "AbortError");
    assert.equal(await live.hits("waiting", config), 1);
  },
  async retry_after() {
    assert.equal(await live.busy("a", { times: 2 }, config), "done");
    assert.equal(await live.hits("a", config), 3);
    const started = performance.now();
    assert.equal(await live.busy("b", { times: 1, after: "1" }, config), "done");
    assert(performance.now() - started >= 990);
    const date = new Date(Date.now() + 1500).toUTCString();
    assert.equal(await live.busy("c", { times: 1, after: date }, config), "done");
    const error = await failure(live.busy("d", { times: 1, after: "3600" }, config));
    assert(error instanceof live.HttpError && error.status === 503);
    assert.equal(await live.hits("d", config), 1);
  },
  async idempotency() {
    const error = await failure(live.busyPost("e", config));
    assert(error instanceof live.HttpError && error.status === 503);
    assert.equal(await live.hits("e", config), 1);
    const key = live.newId();
    assert.equal(await live.busyPost("f", { ...config, idempotencyKey: key }), key);
  },
  async events() {
    const own = { config: { ...base, authorize: live.httpBearer(() => "fresh-1") } };
    const numbers: number[] = [];
    for await (const event of live.ticks(undefined, own)) numbers.push(event.data.number);
    assert.deepEqual(numbers, [0, 1, 2]);
    const error = await failure(live.ticks(undefined, config));
    assert(error instanceof live.HttpError && error.status === 401);
    for await (const event of live.ticks(undefined, own)) {
      assert.equal(event.event, "message");
      break;
    }
  },
  async resumed_events() {
    const seen: string[] = [];
    for await (const event of live.breaks(config)) seen.push(`${event.event} ${event.id} ${event.data}`);
    assert.deepEqual(seen, ["step 1 one\ntwo 0", "step 2 one\ntwo 1", "step 3 one\ntwo 2"]);
  },
  async headers_of_an_answer() {
    let type: string | null = "";
    await live.words({ ...config, onResponse: (response) => (type = response.headers.get("content-type")) });
    assert.match(type ?? "", /text\/plain/);
  },
};

await run(checks);
