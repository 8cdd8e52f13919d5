// Walks through the generated front end as a person does, in a real browser.
//
// node walk.mjs ADDRESS NODE_MODULES CHROMIUM LETTERS [FOLDER]: prints `ok <step>` for each step; LETTERS is the file that
// the application writes its mail to; with a folder, every screen is kept there as a picture.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { byKeyboard } from "./keys.mjs";

const [address, modules, chromium, letters, folder] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const playwright = require("playwright-core");
const axe = require.resolve("axe-core");

const browser = await playwright.chromium.launch({
  executablePath: chromium,
  args: ["--no-sandbox"],
});
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: "en-GB" });
const page = await context.newPage();
page.setDefaultTimeout(15_000);
const complaints = [];
page.on("pageerror", (error) => complaints.push(String(error)));
page.on("console", (message) => {
  // Chromium logs every answer from 400 up by itself.
  if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
});

// The screens that axe always judges; with a folder for pictures, it judges all of them.
const FIVE = new Set(["list", "form", "detail", "dialog", "down"]);
// These it judges wide and light, and narrow and dark.
const OTHERS = new Set(["login", "register", "account", "expired", "user", "role"]);

let failed = 0;
async function step(name, work) {
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack ?? error}`);
    if (folder) await page.screenshot({ path: join(folder, `failed-${failed}.png`), fullPage: true });
    console.log(complaints.join("\n"));
    process.exit(1); // the next steps build upon this one
  }
}

function check(is, what) {
  if (!is) throw new Error(what);
}

async function eventually(test, what, milliseconds = 15_000) {
  const end = Date.now() + milliseconds;
  while (!(await test())) {
    if (Date.now() > end) throw new Error(what);
    await page.waitForTimeout(50);
  }
}

/** Asks the API as the page would: with its cookies, and with what proves that it is the page. */
async function api(method, path, data) {
  const proof = (await context.cookies()).find((each) => each.name === "session_csrf");
  const headers = { "x-csrf-token": proof?.value ?? "" };
  return page.request.fetch(`${address}/api${path}`, { method, headers, ...(data && { data }) });
}

/** Waits for a letter that came after the first `count` to somebody, and gives the address that its link leads to. */
async function link(to, count = 0) {
  let found = [];
  const read = () => {
    const lines = readFileSync(letters, "utf8").split("\n").filter(Boolean);
    found = lines.map((line) => JSON.parse(line)).filter((each) => each.to.includes(to) && /#token=/.test(each.text));
    return found.length > count;
  };
  await eventually(read, `no letter came to ${to}`);
  return address + new URL(/\S+#token=\S+/.exec(found.at(-1).text)[0]).href.replace(/^https?:\/\/[^/]+/, "");
}

/** Chooses a password for an account that was made by somebody else, in a browser of its own. */
async function choose({ email, password }) {
  const theirs = await (await browser.newContext({ locale: "en-GB" })).newPage();
  await theirs.goto(`${address}/forgot`);
  await theirs.getByLabel("E-mail address").fill(email);
  await theirs.getByRole("button", { name: "Send a link" }).click();
  await theirs.goto(await link(email));
  await theirs.getByLabel("New password").fill(password);
  await theirs.getByRole("button", { name: "Save the password" }).click();
  await theirs.getByText("The password is saved.").waitFor();
  await theirs.context().close();
}

/** Answers as a proxy does whose server is away. */
const gone = (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" });
const names = () => page.locator("tbody tr td:first-child a").allInnerTexts();
const shows = (text) => page.getByText(text, { exact: false }).first().waitFor();
const save = () => page.getByRole("button", { name: "Save" }).click();

async function fits() {
  const { wide, inner } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    inner: window.innerWidth,
  }));
  check(wide <= inner, `the page is ${wide} wide in a window of ${inner}`);
}

/** Looks at a screen wide and narrow, light and dark: nothing sticks out, and axe has nothing to say. */
async function look(name) {
  for (const width of [375, 768, 1440])
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await fits();
      if (folder) await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      const isOther = OTHERS.has(name) && (width === 1440) === (colorScheme === "light");
      if (width === 768 || !(folder || FIVE.has(name) || isOther)) continue;
      if (!(await page.evaluate(() => "axe" in window))) await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => window.axe.run());
      const said = violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" | ")}`);
      check(!said.length, `axe at ${width} ${colorScheme}:\n${said.join("\n")}`);
    }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

const ADA = { name: "Ada Byron", email: "ada@example.com", password: "a lot of brass wheels" };
const GRACE = { name: "Grace Murray", email: "grace@example.com", password: "moths in the relays" };

await step("nobody sees anything before signing in", async () => {
  await page.goto(`${address}/orders?status=paid`);
  await page.waitForURL(`${address}/login?next=/orders?status=paid`);
  await look("login");
});

await step("an account is asked for, with errors at the fields", async () => {
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByRole("button", { name: "Create" }).click();
  check((await page.getByText("Fill this in.").count()) === 3, "three fields should be missed");
  await page.getByLabel("Name").fill(ADA.name);
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill("too short");
  await page.getByRole("button", { name: "Create" }).click();
  await shows("This is too short.");
  check((await page.evaluate(() => document.activeElement.name)) === "password", "the refused field has the focus");
  await look("register");
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Create" }).click();
  await shows(`A letter is on its way to ${ADA.email}`);
  await look("register-sent");
});

await step("the letter's link and the password make the account", async () => {
  await page.goto(await link(ADA.email));
  await page.getByLabel("Password").fill("another one altogether");
  await page.getByRole("button", { name: "Confirm" }).click();
  await shows("The link or the password is wrong");
  await look("verify");
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await shows("The account is ready.");
});

await step("a wrong password is told, the right one leads to where one wanted to go", async () => {
  await page.goto(`${address}/orders?status=paid`);
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill("not this one, surely");
  await page.getByRole("button", { name: "Sign in" }).click();
  await shows("The e-mail address or the password is wrong.");
  await look("login-wrong");
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${address}/orders?status=paid`);
  await shows("Nothing matches.");
});

await step("signing in leads to no other site", async () => {
  for (const next of ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example"]) {
    await page.goto(`${address}/login?next=${encodeURIComponent(next)}`);
    await page.waitForURL(`${address}/`);
  }
});

await step("the first page leads to the modules", async () => {
  await page.goto(address);
  await look("home");
  await page.getByRole("main").getByRole("link", { name: "Orders" }).click();
  await page.waitForURL("**/orders");
});

await step("an empty list says so", async () => {
  await shows("Nothing here yet.");
  await look("empty");
});

await step("a customer is made, in another module's pages", async () => {
  for (const [name, email] of [["Ada Lovelace", "ada@example.com"], ["Grace Hopper", "grace@example.com"]]) {
    await page.goto(`${address}/customers/new`);
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Email").fill(email);
    await save();
    await page.getByRole("heading", { name }).waitFor();
  }
});

await step("wrong values are told at their fields, before anything is sent", async () => {
  await page.goto(`${address}/orders/new`);
  let sent = 0;
  page.on("request", (request) => (sent += request.method() === "POST" ? 1 : 0));
  await page.getByLabel("Total").fill("-1");
  await page.getByLabel("Quantity").fill("99");
  await save();
  await shows("At most 10.");
  await shows("At least 0.");
  check((await page.getByText("Fill this in.").count()) === 2, "customer and number should be missed");
  check((await page.evaluate(() => document.activeElement.name)) === "number", "the first wrong field has the focus");
  check(sent === 0, "something was sent");
  await look("form");
});

await step("a relation is searched for and chosen with the keyboard", async () => {
  await page.getByLabel("Customer").fill("ada");
  await page.getByRole("option", { name: "Ada Lovelace" }).waitFor();
  await eventually(async () => (await page.locator("[role=option]").count()) === 1, "others are offered too");
  await look("picker");
  await page.getByLabel("Customer").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  check((await page.getByLabel("Customer").inputValue()) === "Ada Lovelace", "it was not chosen");
});

await step("corrected, it is made", async () => {
  await page.getByLabel("Number").fill("A-01");
  await page.getByLabel("Total").fill("12.50");
  await page.getByLabel("Quantity").fill("3");
  await save();
  await page.getByRole("heading", { name: "A-01" }).waitFor();
  await shows("Ada Lovelace");
  await look("detail");
});

await step("what the API refuses is told at the field, and nothing is lost", async () => {
  await page.goto(`${address}/orders/new`);
  await page.getByLabel("Customer").fill("grace");
  await page.getByRole("option", { name: "Grace Hopper" }).click();
  await page.getByLabel("Number").fill("A-01");
  await page.getByLabel("Total").fill("1");
  await page.getByLabel("Quantity").fill("1");
  await save();
  await shows("This is taken already.");
  check((await page.evaluate(() => document.activeElement.name)) === "number", "the refused field has the focus");
  check((await page.getByLabel("Customer").inputValue()) === "Grace Hopper", "what was chosen is gone");
  await page.getByLabel("Number").fill("A-02");
  await save();
  await page.getByRole("heading", { name: "A-02" }).waitFor();
});

await step("tags are linked and taken away", async () => {
  const made = await api("POST", "/tags", { label: "urgent" });
  check(made.ok(), "the tag was not made");
  await page.getByLabel("Add").click();
  await page.getByRole("option", { name: "urgent" }).click();
  await page.getByRole("listitem").filter({ hasText: "urgent" }).waitFor();
  await page.getByRole("button", { name: "Remove urgent" }).click();
  await eventually(async () => (await page.getByRole("button", { name: "Remove urgent" }).count()) === 0, "it stays");
});

await step("a list is sorted, searched, filtered and paged, and the address says how", async () => {
  const customer = (await (await page.request.get(`${address}/api/customers`)).json()).data[0].id;
  for (let number = 3; number <= 25; number += 1) {
    const data = { customerId: customer, number: `B-${String(number).padStart(2, "0")}`, total: `${number}.00`, quantity: 1, status: number % 2 ? "paid" : "sent" };
    check((await api("POST", "/orders", data)).ok(), "an order was not made");
  }
  await page.goto(`${address}/orders`);
  await shows("25 in all");
  const label = () => page.evaluate(() => getComputedStyle(document.querySelector("td"), "::before").display);
  check((await label()) === "none", "the cells of a wide table are labelled as those of a card");
  await look("list");
  await page.getByRole("button", { name: "Number" }).click();
  await page.waitForURL("**sort=number*");
  await eventually(async () => (await names())[0] === "A-01", "not sorted up");
  check((await page.locator("th").first().getAttribute("aria-sort")) === "ascending", "the heading does not say so");
  await page.getByRole("button", { name: "Number" }).click();
  await eventually(async () => (await names())[0] === "B-25", "not sorted down");
  await page.getByRole("button", { name: "Next page" }).click();
  await page.waitForURL("**page=2*");
  await eventually(async () => (await names()).length === 5, "not five on the second page");
  await page.getByLabel("Search").fill("b-1");
  await page.waitForURL("**search=b-1*");
  await eventually(async () => (await names()).length === 10, "not ten with b-1");
  await page.getByLabel("Status").selectOption("sent");
  await eventually(async () => (await names()).length === 5, "not five sent ones");
  await page.reload();
  await eventually(async () => (await names()).length === 5, "a reload shows another list");
  await page.getByLabel("Search").fill("nothing like it");
  await shows("Nothing matches.");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await shows("25 in all");
  await page.goBack();
  await shows("Nothing matches.");
});

await step("a row is deleted, taken back, and deleted for good", async () => {
  await page.goto(`${address}/orders?search=A-`);
  const remove = () => page.getByRole("button", { name: "Delete: A-02" }).click();
  await remove();
  await page.getByRole("dialog").waitFor();
  await look("dialog");
  await page.keyboard.press("Escape");
  check((await names()).length === 2, "Escape deletes");
  await remove();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await eventually(async () => (await names()).length === 1, "it stays");
  if (folder) await page.screenshot({ path: join(folder, "undo.png") });
  await page.getByRole("button", { name: "Undo" }).click();
  await eventually(async () => (await names()).length === 2, "it does not come back");
  await remove();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.reload();
  const left = async () => (await (await page.request.get(`${address}/api/orders?search=A-`)).json()).data;
  await eventually(async () => (await left()).length === 1, "it was not deleted when the page was left");
  await page.reload();
  await eventually(async () => (await names()).length === 1, "the list shows what is deleted");
});

await step("two tabs: the second to save is told of the first", async () => {
  await page.goto(`${address}/orders?search=A-01`);
  await page.getByRole("link", { name: "Edit A-01" }).click();
  await eventually(async () => (await page.getByLabel("Number").inputValue()) === "A-01", "the form is not filled");
  const { data } = await (await page.request.get(`${address}/api/orders?search=A-01`)).json();
  await api("PATCH", `/orders/${data[0].id}`, { note: "from the other tab" });
  await page.getByLabel("Note").fill("mine");
  await save();
  await shows("Somebody else has changed this meanwhile.");
  check((await page.getByLabel("Note").inputValue()) === "mine", "what was written is gone");
  await look("conflict");
  await page.getByRole("button", { name: "Show what is stored now" }).click();
  await eventually(async () => (await page.getByLabel("Note").inputValue()) === "from the other tab", "not shown");
});

await step("a server that is down is told, and a second try helps", async () => {
  await page.getByLabel("Note").fill("written while it was down");
  await page.route("**/api/**", (route) => route.abort());
  await save();
  await shows("The server cannot be reached.");
  check((await page.getByLabel("Note").inputValue()) === "written while it was down", "what was written is gone");
  await page.unroute("**/api/**");
  await save();
  await page.getByRole("heading", { name: "A-01" }).waitFor();
  await shows("written while it was down");
  await page.route("**/api/orders*", gone);
  await page.goto(`${address}/orders`);
  await page.getByRole("alert").waitFor();
  await look("down");
  await page.unroute("**/api/orders*");
  await page.getByRole("button", { name: "Try again" }).click();
  await shows("24 in all");
});

await step("a start with the server down is told, and a second try gives all that is allowed", async () => {
  const main = page.getByRole("navigation", { name: "Main" }).getByRole("link");
  for (const path of ["/orders?status=paid", "/", "/customers/new"]) {
    await page.route("**/api/**", gone);
    await page.goto(address + path);
    await page.getByRole("alert").getByText("The server cannot be reached.").waitFor();
    check((await main.count()) === 0, `${path}: something is offered before it is known who that is`);
    if (path === "/") await look("down-at-start");
    await page.getByRole("button", { name: "Try again" }).click();
    await eventually(async () => !(await page.getByRole("button", { name: "Try again" }).isDisabled()), "still trying");
    await page.getByRole("alert").waitFor();
    await page.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("link", { name: ADA.name }).waitFor();
    await main.getByText("Orders").waitFor();
    check((await page.getByRole("alert").count()) === 0, `${path}: what went wrong is still told`);
    check(page.url() === address + path, `${path}: led to ${page.url()}`);
    if (path.startsWith("/orders")) await page.getByRole("link", { name: "New" }).waitFor();
    if (path === "/customers/new") await page.getByLabel("Email").waitFor();
  }
});

await step("a slow server shows that it is being waited for", async () => {
  await page.route("**/api/orders*", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await route.continue();
  });
  await page.goto(`${address}/orders`);
  await page.getByText("Loading…").waitFor({ state: "attached" });
  await shows("24 in all");
  await page.unroute("**/api/orders*");
});

await step("a session that ends in the middle of a form asks for the password, and nothing is lost", async () => {
  const elsewhere = await (await browser.newContext({ locale: "en-GB" })).newPage();
  await elsewhere.goto(`${address}/account/sessions`);
  await elsewhere.getByLabel("E-mail address").fill(ADA.email);
  await elsewhere.getByLabel("Password").fill(ADA.password);
  await elsewhere.getByRole("button", { name: "Sign in" }).click();
  await elsewhere.getByText("this device").waitFor();
  await page.goto(`${address}/customers/new`);
  await page.getByLabel("Name").fill("Katherine Johnson");
  await page.getByLabel("Email").fill("katherine@example.com");
  await elsewhere.getByRole("button", { name: "Sign out everywhere else" }).click();
  await elsewhere.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await eventually(async () => (await elsewhere.getByRole("listitem").filter({ hasText: "since" }).count()) === 1, "the other session is still there");
  await elsewhere.context().close();
  await save();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByLabel("Password").fill("not this one, surely");
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByText("The e-mail address or the password is wrong.").waitFor();
  await look("expired");
  await dialog.getByLabel("Password").fill(ADA.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "hidden" });
  check((await page.getByLabel("Name").inputValue()) === "Katherine Johnson", "what was written is gone");
  await save();
  await page.getByRole("heading", { name: "Katherine Johnson" }).waitFor();
});

await step("an access token that is too old is renewed once, however many calls wait", async () => {
  let renewals = 0;
  const count = (request) => (renewals += request.url().endsWith("/auth/refresh") ? 1 : 0);
  page.on("request", count);
  await context.clearCookies({ name: "session_access" });
  await page.goto(`${address}/orders?search=A-01`);
  await eventually(async () => (await names()).length === 1, "the list is not shown");
  page.off("request", count);
  check(renewals === 1, `it was renewed ${renewals} times`);
});

await step("a role is made and given, and what it allows is all that somebody sees", async () => {
  await page.goto(`${address}/roles`);
  await look("roles");
  await page.getByRole("link", { name: "New" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Counter");
  for (const what of ["customers:read", "customers:create"]) await page.locator(`[value='${what}']`).check();
  await look("role");
  await save();
  await shows("customers:create");
  await page.getByRole("link", { name: "Users" }).click();
  await shows(ADA.email);
  await page.getByRole("link", { name: "New" }).click();
  await page.getByLabel("Name").fill(GRACE.name);
  await page.getByLabel("E-mail address").fill(GRACE.email);
  await look("new-user");
  await save();
  await page.getByRole("heading", { name: GRACE.name }).waitFor();
  await choose(GRACE);
  await page.getByLabel("Give a role").selectOption({ label: "Counter" });
  await page.getByRole("button", { name: "Add" }).click();
  await page.getByRole("button", { name: "Remove Counter" }).waitFor();
  await look("user");
  await page.getByRole("link", { name: "Users" }).click();
  await shows(GRACE.email);
  await look("users");
  await page.getByRole("link", { name: GRACE.name }).click();
});

await step("a permission that is taken away is told, and what needs it goes", async () => {
  const theirs = await (await browser.newContext({ locale: "en-GB" })).newPage();
  await theirs.goto(`${address}/customers/new`);
  await theirs.getByLabel("E-mail address").fill(GRACE.email);
  await theirs.getByLabel("Password").fill(GRACE.password);
  await theirs.getByRole("button", { name: "Sign in" }).click();
  await theirs.getByLabel("Name").fill("Dorothy Vaughan");
  await theirs.getByLabel("Email").fill("dorothy@example.com");
  check((await theirs.getByRole("navigation", { name: "Main" }).getByRole("link").allInnerTexts()).join() === "Customers", "more is offered than is allowed");
  await page.getByRole("button", { name: "Remove Counter" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take away" }).click();
  await eventually(async () => (await page.getByRole("button", { name: "Remove Counter" }).count()) === 0, "the role stays");
  await theirs.getByRole("button", { name: "Save" }).click();
  await theirs.getByText("You are not allowed to do this.").waitFor();
  check((await theirs.getByLabel("Name").inputValue()) === "Dorothy Vaughan", "what was written is gone");
  await eventually(async () => (await theirs.getByRole("navigation", { name: "Main" }).getByRole("link").count()) === 0, "it is still offered");
  await theirs.context().close();
});

await step("the account: password, address and sessions", async () => {
  await page.getByRole("link", { name: ADA.name }).click();
  await page.getByRole("heading", { name: "Account", exact: true }).waitFor();
  await look("account");
  await page.getByLabel("Password until now").fill(ADA.password);
  await page.getByLabel("New password").fill("password password");
  await page.getByRole("button", { name: "Change the password" }).click();
  await shows("This is one of those that are tried first.");
  ADA.password = "punched cards for the loom";
  await page.getByLabel("New password").fill(ADA.password);
  await page.getByRole("button", { name: "Change the password" }).click();
  await shows("The password was changed");
  await page.getByLabel("New e-mail address").fill("countess@example.com");
  await page.getByRole("button", { name: "Change the e-mail address" }).click();
  await shows("If countess@example.com can be used");
  ADA.email = "countess@example.com";
  await page.goto(await link(ADA.email));
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(`${address}/account`);
  await page.getByText(ADA.email).waitFor();
  await page.getByRole("link", { name: "Where you are signed in" }).click();
  await shows("this device");
  await look("sessions");
});

await step("who forgot the password chooses a new one, and is signed out before", async () => {
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL(`${address}/login`);
  check(!(await context.cookies()).some((each) => each.name.startsWith("session_")), "cookies are left");
  await page.getByRole("link", { name: "Forgotten password" }).click();
  await page.getByRole("heading", { name: "Forgotten password" }).waitFor();
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByRole("button", { name: "Send a link" }).click();
  await shows(`If there is an account for ${ADA.email}`);
  await look("forgot");
  await page.goto(await link(ADA.email, 1));
  ADA.password = "seven Bernoulli numbers";
  await page.getByLabel("New password").fill(ADA.password);
  await look("reset");
  await page.getByRole("button", { name: "Save the password" }).click();
  await shows("The password is saved.");
  await page.getByLabel("E-mail address").fill(ADA.email);
  await page.getByLabel("Password").fill(ADA.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${address}/`);
});

await byKeyboard({ page, step, check, eventually, address, api, link }, ADA, GRACE);

await step("it speaks Spanish, also the next time", async () => {
  await page.goto(`${address}/customers`);
  await page.getByRole("link", { name: "Katherine Johnson", exact: true }).click();
  await page.getByLabel("Language").selectOption("es");
  await page.getByRole("link", { name: "Volver" }).waitFor();
  check((await page.evaluate(() => document.documentElement.lang)) === "es", "the page does not say so");
  await page.goto(`${address}/nowhere`);
  await page.getByRole("link", { name: "Inicio" }).waitFor();
  check((await page.evaluate(() => document.documentElement.lang)) === "es", "the language is forgotten");
  await look("missing");
});

await step("the browser had nothing to complain about", async () => {
  check(!complaints.length, complaints.join("\n"));
});

await browser.close();
process.exit(failed ? 1 : 0);
