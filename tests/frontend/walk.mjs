// Walks through the generated front end as a person does, in a real browser.
//
// node walk.mjs ADDRESS NODE_MODULES CHROMIUM [FOLDER]: prints `ok <step>` for each step; with a folder, every screen is
// kept there as a picture.
import { createRequire } from "node:module";
import { join } from "node:path";

const [address, modules, chromium, folder] = process.argv.slice(2);
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
      if (width === 768 || !(folder || FIVE.has(name))) continue;
      if (!(await page.evaluate(() => "axe" in window))) await page.addScriptTag({ path: axe });
      const { violations } = await page.evaluate(() => window.axe.run());
      const said = violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" | ")}`);
      check(!said.length, `axe at ${width} ${colorScheme}:\n${said.join("\n")}`);
    }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

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
  const made = await page.request.post(`${address}/api/tags`, { data: { label: "urgent" } });
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
    check((await page.request.post(`${address}/api/orders`, { data })).ok(), "an order was not made");
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
  await page.request.patch(`${address}/api/orders/${data[0].id}`, { data: { note: "from the other tab" } });
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
  await page.route("**/api/**", (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }));
  await page.goto(`${address}/orders`);
  await page.getByRole("alert").waitFor();
  await look("down");
  await page.unroute("**/api/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await shows("24 in all");
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

await step("everything can be reached by the keyboard alone", async () => {
  await page.goto(address);
  await page.keyboard.press("Tab");
  check((await page.evaluate(() => document.activeElement.textContent)) === "Skip to the content", "no skip link");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/customers");
  await page.getByRole("link", { name: "New" }).press("Enter");
  await page.waitForURL("**/customers/new");
  await page.getByLabel("Name").focus();
  await page.keyboard.type("Katherine Johnson");
  await page.keyboard.press("Tab");
  await page.keyboard.type("katherine@example.com");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Katherine Johnson" }).waitFor();
});

await step("it speaks Spanish", async () => {
  await page.getByLabel("Language").selectOption("es");
  await page.getByRole("link", { name: "Volver" }).waitFor();
  check((await page.evaluate(() => document.documentElement.lang)) === "es", "the page does not say so");
  await page.goto(`${address}/nowhere`);
  await look("missing");
});

await step("the browser had nothing to complain about", async () => {
  check(!complaints.length, complaints.join("\n"));
});

await browser.close();
process.exit(failed ? 1 : 0);
