import assert from "node:assert/strict";
import { run } from "./checks";
import * as shop from "./shop/index";

const base = { baseUrl: process.env["SHOP"]!, retries: 0 };
const person = { email: "user1@example.com", password: "change-me-please" };

/** Signs in, and answers a configuration whose access token is refused once: the server takes it for expired. */
async function signedIn() {
  const first = await shop.authLogin(person, { config: base });
  let token = first.accessToken ?? "";
  let refreshToken = first.refreshToken ?? null;
  const renewals: string[] = [];
  const session = shop.session({
    authorize: shop.bearer(() => token),
    refresh: async () => {
      const found = await shop.authRefresh({ refreshToken }, { auth: false, config: base });
      token = found.accessToken ?? "";
      refreshToken = found.refreshToken ?? null;
      renewals.push(token);
      return true;
    },
  });
  return { own: { config: { ...base, ...session } }, renewals, forget: () => (token = "expired") };
}

const { own, renewals, forget } = await signedIn();

const checks: Record<string, () => Promise<void>> = {
  async one_refresh_for_twenty() {
    forget();
    const all = await Promise.all(Array.from({ length: 20 }, () => shop.authMe(own)));
    assert(all.every((each) => each.email === person.email));
    assert.equal(renewals.length, 1);
  },
  async who_is_nobody() {
    const error = await shop.authMe({ config: base }).catch((caught: unknown) => caught);
    assert(shop.isApiError(error, shop.authMe) && error.status === 401);
    assert.equal(error.body.code, "unauthenticated");
  },
  async json_409_422_204() {
    const made = await shop.tagsStore({ label: "once" }, own);
    const taken = await shop.tagsStore({ label: "once" }, own).catch((caught: unknown) => caught);
    assert(shop.isApiError(taken, shop.tagsStore) && taken.status === 409);
    assert.equal(taken.body.errors[0]?.pointer, "/label");
    const wrong = await shop.tagsStore({} as shop.TagCreate, own).catch((caught: unknown) => caught);
    assert(shop.isApiError(wrong, shop.tagsStore) && wrong.status === 422);
    assert.equal(await shop.tagsDestroy(made.id, {}, own), undefined);
  },
  async upload_and_download() {
    const file = new File(["id,name\n1,ñ\n"], "people.csv", { type: "text/csv" });
    assert.deepEqual(await shop.papersStore({ file, note: "by hand" }, own), ["people.csv"]);
    const found = await shop.papersShow("people", own);
    assert.equal(found.name, "people.csv");
    assert.equal(found.type.split(";")[0], "text/csv");
    assert.equal(await found.text(), "id,name\n1,ñ\n");
    const missing = await shop.papersShow("nobody", own).catch((caught: unknown) => caught);
    assert(missing instanceof shop.HttpError && missing.status === 404);
  },
  async events() {
    forget(); // the stream renews what is expired, as every call does
    const before = renewals.length;
    const numbers: unknown[] = [];
    let told: Promise<void> | undefined;
    const onResponse = () => void (told ??= shop.papersTell(own));
    for await (const event of shop.streamsNews(undefined, undefined, { ...own, onResponse })) {
      if (event.event === "printed") numbers.push(event.data["number"]);
      if (numbers.length === 3) break;
    }
    await told;
    assert.deepEqual(numbers, [0, 1, 2]);
    assert.equal(renewals.length, before + 1);
  },
};

await run(checks);
