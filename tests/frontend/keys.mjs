// The journeys of walk.mjs once more, by keyboard alone: nothing here clicks, hovers or puts the focus anywhere.

const STOPS = 150;

/** Goes through the application by keyboard, with the tools of the walk; `person` signs in, `other` is given a role. */
export async function byKeyboard({ page, step, check, eventually, address, api, link }, person, other) {
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  const type = (text) => page.keyboard.type(text);
  const shows = (text) => page.getByText(text).first().waitFor();

  /** What has the focus: how it is called, and whether people see that it has it. */
  const here = () =>
    page.evaluate(() => {
      const it = document.activeElement;
      if (!it || it === document.body) return undefined;
      const labels = [...(it.labels ?? [])].map((each) => each.innerText).join(" ");
      const name = it.getAttribute("aria-label") ?? (labels || it.innerText || it.id);
      const { outlineStyle, outlineWidth } = getComputedStyle(it);
      const box = it.getBoundingClientRect();
      const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return {
        place: [...document.querySelectorAll("*")].indexOf(it),
        name: name.trim().replace(/\s+/g, " "),
        value: it.value,
        isMarked: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2,
        isSeen: it.contains(middle) || [...(it.labels ?? [])].some((each) => each.contains(middle)),
      };
    });

  const seen = (stop) => {
    check(stop.isMarked, `nobody sees that "${stop.name}" has the focus`);
    check(stop.isSeen, `"${stop.name}" has the focus and is not to be seen`);
  };

  /** Presses a key until what is asked for has the focus; every stop on the way can be seen. */
  async function reach(what, is, key = "Tab") {
    for (let at = 0; at < STOPS; at += 1) {
      await press(key);
      const stop = await here();
      if (!stop) continue;
      seen(stop);
      if (is(stop)) return;
    }
    throw new Error(`"${what}" is not reached with ${key}`);
  }

  const go = (name, key) => reach(name, (stop) => stop.name.startsWith(name), key);

  async function signIn() {
    await page.goto(`${address}/login`);
    await page.getByLabel("E-mail address").waitFor();
    await go("E-mail address");
    await type(person.email);
    await press("Tab");
    await type(person.password);
    await press("Enter");
    await page.waitForURL(`${address}/`);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
  }

  /** Goes round a page, and answers the stops: there is an end, and nothing keeps the focus. */
  async function round(key) {
    const stops = [];
    let first;
    await page.evaluate(() => document.activeElement?.blur());
    for (let at = 0; at < STOPS; at += 1) {
      await press(key);
      const stop = await here();
      if (!stop || stop.place === first) return stops;
      first ??= stop.place;
      seen(stop);
      stops.push(stop.name);
    }
    throw new Error(`the focus never leaves the page with ${key}: ${stops.slice(-5).join(", ")}`);
  }

  const isIn = (selector) => page.evaluate((found) => Boolean(document.activeElement?.closest(found)), selector);

  await step("by keyboard: the header can be skipped", async () => {
    await page.goto(`${address}/orders`);
    await shows("in all");
    await press("Tab");
    check((await here()).name === "Skip to the content", "the skip link does not come first");
    seen(await here());
    await press("Enter", "Tab");
    check(await isIn("main"), "the next stop is not in the content");
    check((await here()).name === "New", "the first stop in the content is another");
  });

  await step("by keyboard: every page is gone round in both directions", async () => {
    for (const path of ["/", "/orders", "/orders/new", "/customers/new", "/account", "/account/sessions", "/users", "/users/new", "/roles", "/roles/new", "/nowhere"]) {
      await page.goto(address + path);
      await page.getByRole("main").getByRole("heading").first().waitFor();
      await page.getByRole("button", { name: "Sign out" }).first().waitFor();
      await page.waitForLoadState("networkidle");
      const there = await round("Tab");
      const back = await round("Shift+Tab");
      check(there.join("|") === back.reverse().join("|"), `${path}: another way back: ${there.join()} and ${back.join()}`);
    }
  });

  await step("by keyboard: out, and in again", async () => {
    await page.goto(`${address}/orders?status=sent`);
    await shows("in all");
    await go("Sign out");
    await press("Enter");
    await page.waitForURL(`${address}/login`);
    await page.getByLabel("E-mail address").waitFor();
    await go("E-mail address");
    await type(person.email);
    await press("Tab");
    await type("not this one, surely");
    await press("Enter");
    await shows("The e-mail address or the password is wrong.");
    await press("Control+a");
    await type(person.password);
    await press("Enter");
    await page.waitForURL(`${address}/`);
    await page.getByRole("button", { name: "Sign out" }).waitFor();
  });

  await step("by keyboard: an order is made, with what is wrong told on the way", async () => {
    await go("Orders");
    await press("Enter");
    await page.waitForURL("**/orders");
    await shows("in all");
    check(await isIn("main"), "the new page does not have the focus");
    await go("New");
    await press("Enter");
    await page.waitForURL("**/orders/new");
    await go("Total");
    await type("-1");
    await press("Enter");
    await shows("Fill this in.");
    check((await here()).name.startsWith("Number"), "the first wrong field does not have the focus");
    await type("A-01");
    await press("Tab");
    check((await here()).name.startsWith("Customer"), "the customer does not come next");
    await type("grace");
    await page.getByRole("option", { name: "Grace Hopper" }).waitFor();
    await press("ArrowDown", "Escape");
    check((await page.getByRole("option").count()) === 0 || !(await page.getByRole("listbox").isVisible()), "Escape does not close the list");
    await press("ArrowDown");
    await page.getByRole("option", { name: "Grace Hopper" }).waitFor();
    await press("ArrowDown", "Enter");
    check((await page.getByLabel("Customer").inputValue()) === "Grace Hopper", "it was not chosen");
    await press("Tab", "Control+a");
    await type("12.50");
    await press("Tab", "ArrowDown");
    check((await page.getByLabel("Status").inputValue()) === "paid", "the arrow does not choose");
    await go("Paid");
    await press("Space");
    check(await page.getByLabel("Paid").isChecked(), "the space bar does not tick");
    await go("Quantity");
    await type("2");
    await press("Enter");
    await shows("This is taken already.");
    check((await here()).name.startsWith("Number"), "the refused field does not have the focus");
    await press("Control+a");
    await type("K-01");
    await press("Enter");
    await page.getByRole("heading", { name: "K-01" }).waitFor();
    check(await isIn("main"), "the new page does not have the focus");
  });

  await step("by keyboard: a list is searched, filtered, sorted and paged", async () => {
    await go("Back");
    await press("Enter");
    await page.waitForURL("**/orders");
    await shows("in all");
    await go("Next page");
    await press("Space");
    await page.getByText("Page 2 of 2").waitFor();
    await eventually(async () => (await page.locator("tbody tr").count()) < 20, "the second page is not shown");
    check((await here()).name === "Next page", "the button loses the focus at the last page");
    await go("Number", "Shift+Tab");
    await press("Enter");
    await page.waitForURL("**sort=number*");
    check((await here()).name.startsWith("Number"), "the heading loses the focus when it sorts");
    await go("Search", "Shift+Tab");
    await type("K-");
    await page.waitForURL("**search=K-*");
    check((await here()).name.startsWith("Search"), "the search loses the focus");
    await press("Tab", "ArrowDown", "ArrowDown");
    await page.waitForURL("**status=paid*");
    await eventually(async () => (await page.locator("tbody tr").count()) === 1, "the filter finds nothing");
  });

  await step("by keyboard: a deletion is asked about, refused, done and taken back", async () => {
    await go("Delete: K-01");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    check((await here()).name === "Cancel", "the question does not have the focus");
    await press("Shift+Tab", "Shift+Tab", "Tab", "Tab", "Tab");
    check(!(await isIn("tbody, header")), "the focus leaves the question for the page below");
    await press("Escape");
    await eventually(async () => (await here())?.name === "Delete: K-01", "the focus does not come back from the question");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await go("Delete");
    check(await isIn("dialog"), "the focus is not in the question");
    await press("Enter");
    await page.getByRole("button", { name: "Undo" }).waitFor();
    await eventually(async () => (await here())?.name === "Undo", "what can be taken back does not have the focus");
    seen(await here());
    await press("Enter");
    await page.getByRole("button", { name: "Delete: K-01" }).waitFor();
    await eventually(async () => isIn("main"), "the focus is lost when it is taken back");
  });

  await step("by keyboard: a row is changed", async () => {
    await go("Edit K-01");
    await press("Enter");
    await page.waitForURL("**/edit");
    await eventually(async () => (await page.getByLabel("Number").inputValue()) === "K-01", "the form is not filled");
    await go("Note");
    await type("typed, all of it");
    await go("Save");
    await press("Space");
    await page.getByRole("heading", { name: "K-01" }).waitFor();
    await shows("typed, all of it");
  });

  await step("by keyboard: the second to save is told of the first", async () => {
    await page.goto(`${address}/orders?search=K-01`);
    await page.getByRole("link", { name: "Edit K-01" }).waitFor();
    await go("Edit K-01");
    await press("Enter");
    await page.waitForURL("**/edit");
    await eventually(async () => (await page.getByLabel("Number").inputValue()) === "K-01", "the form is not filled");
    const { data } = await (await page.request.get(`${address}/api/orders?search=K-01`)).json();
    await api("PATCH", `/orders/${data[0].id}`, { note: "from the other tab" });
    await go("Note");
    await press("Control+a");
    await type("mine");
    await go("Save");
    await press("Enter");
    await shows("Somebody else has changed this meanwhile.");
    check((await page.getByLabel("Note").inputValue()) === "mine", "what was typed is gone");
    await go("Show what is stored now");
    await press("Enter");
    await eventually(async () => (await page.getByLabel("Note").inputValue()) === "from the other tab", "not shown");
    await eventually(async () => isIn("main"), "the focus is lost with the question");
  });

  await step("by keyboard: a server that is down is told, and a second try helps", async () => {
    await go("Note");
    await press("Control+a");
    await type("typed while it was down");
    await page.route("**/api/**", (route) => route.abort());
    await go("Save");
    await press("Enter");
    await shows("The server cannot be reached.");
    await page.unroute("**/api/**");
    await go("Save");
    await press("Enter");
    await page.getByRole("heading", { name: "K-01" }).waitFor();
    await shows("typed while it was down");
    await page.route("**/api/**", (route) => route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }));
    await page.goto(`${address}/orders?search=K-01`);
    await page.getByRole("alert").waitFor();
    await page.unroute("**/api/**");
    await go("Try again");
    await press("Enter");
    await page.getByRole("link", { name: "K-01", exact: true }).waitFor();
    await page.getByRole("link", { name: "Edit K-01" }).waitFor();
    await eventually(async () => isIn("main"), "the focus is lost with the error");
    await go("K-01");
    await press("Enter");
    await page.getByRole("heading", { name: "K-01" }).waitFor();
  });

  await step("by keyboard: tags are linked and taken away", async () => {
    await go("Add");
    await press("ArrowDown");
    await page.getByRole("option", { name: "urgent" }).waitFor();
    await press("ArrowDown", "Enter");
    await page.getByRole("button", { name: "Remove urgent" }).waitFor();
    await go("Remove urgent", "Shift+Tab");
    await press("Enter");
    await eventually(async () => (await page.getByRole("button", { name: "Remove urgent" }).count()) === 0, "it stays");
    await eventually(async () => isIn("main"), "the focus is lost with the row");
  });

  await step("by keyboard: the password is asked for on top, and the focus comes back", async () => {
    await page.goto(`${address}/customers/new`);
    await page.getByLabel("Name").waitFor();
    await page.context().clearCookies({ name: "session_access" });
    await page.context().clearCookies({ name: "session_refresh" });
    await go("Name");
    await type("Mary Jackson");
    await press("Tab");
    await type("mary@example.com");
    await press("Enter");
    await page.getByRole("dialog", { name: "Sign in again" }).waitFor();
    await eventually(async () => (await here())?.name.startsWith("Password"), "the question does not have the focus");
    await type(person.password);
    await press("Enter");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await eventually(async () => (await here())?.name.startsWith("Email"), "the focus does not come back");
    await press("Enter");
    await page.getByRole("heading", { name: "Mary Jackson" }).waitFor();
  });

  await step("by keyboard: a role is made, given and taken away", async () => {
    await page.goto(`${address}/roles`);
    await page.getByRole("link", { name: "New" }).waitFor();
    await go("New");
    await press("Enter");
    await page.waitForURL("**/roles/new");
    await page.getByRole("textbox", { name: "Name" }).waitFor();
    await go("Name");
    await type("Packer");
    await reach("customers:read", (stop) => stop.value === "customers:read");
    await press("Space");
    await go("Save");
    await press("Enter");
    await shows("Packer");
    await go("Users", "Shift+Tab");
    await press("Enter");
    await page.waitForURL("**/users");
    await shows(other.email);
    await go(other.name);
    await press("Enter");
    await page.getByRole("heading", { name: other.name }).waitFor();
    await go("Give a role");
    await type("Pack");
    await go("Add");
    await press("Enter");
    await page.getByRole("button", { name: "Remove Packer" }).waitFor();
    await eventually(async () => isIn("main"), "the focus is lost when the role is given");
    await go("Remove Packer");
    await press("Enter");
    await page.getByRole("dialog").waitFor();
    await go("Take away");
    await press("Enter");
    await eventually(async () => (await page.getByRole("button", { name: "Remove Packer" }).count()) === 0, "it stays");
    await eventually(async () => isIn("main"), "the focus is lost with the role");
  });

  await step("by keyboard: an account is asked for, confirmed, and its password forgotten", async () => {
    const mary = { name: "Mary Somerville", email: "mary@example.org", password: "connexion of the sciences" };
    await go("Sign out");
    await press("Enter");
    await page.waitForURL(`${address}/login`);
    await page.getByRole("link", { name: "Create an account" }).waitFor();
    await go("Create an account");
    await press("Enter");
    await page.waitForURL("**/register");
    await page.getByLabel("Name").waitFor();
    await go("Create");
    await press("Enter");
    await shows("Fill this in.");
    check((await here()).name.startsWith("Name"), "the first missing field does not have the focus");
    await type(mary.name);
    await press("Tab");
    await type(mary.email);
    await press("Tab");
    await type(mary.password);
    await press("Enter");
    await shows(`A letter is on its way to ${mary.email}`);
    await page.goto(await link(mary.email));
    await page.getByLabel("Password").waitFor();
    await go("Password");
    await type(mary.password);
    await press("Enter");
    await shows("The account is ready.");
    await page.goto(`${address}/login`);
    await page.getByRole("link", { name: "Forgotten password" }).waitFor();
    await go("Forgotten password");
    await press("Enter");
    await page.waitForURL("**/forgot");
    await page.getByLabel("E-mail address").waitFor();
    await go("E-mail address");
    await type(mary.email);
    await press("Enter");
    await shows(`If there is an account for ${mary.email}`);
    await page.goto(await link(mary.email, 1));
    await page.getByLabel("New password").waitFor();
    await go("New password");
    await type("on molecular and microscopic");
    await press("Enter");
    await shows("The password is saved.");
    await signIn();
  });

  await step("by keyboard: a narrow window's menu, and the language", async () => {
    await page.setViewportSize({ width: 375, height: 900 });
    await page.goto(`${address}/customers`);
    await shows("in all");
    await go("Menu");
    await press("Enter");
    check((await page.getByRole("button", { name: "Menu" }).getAttribute("aria-expanded")) === "true", "the menu stays closed");
    await press("Tab");
    check((await here()).name === "Customers", "the first place does not come next");
    await go("Language");
    await press("ArrowDown");
    await page.getByRole("button", { name: "Menú" }).waitFor();
    await press("ArrowUp");
    await page.getByRole("button", { name: "Menu" }).waitFor();
    await page.setViewportSize({ width: 1440, height: 900 });
  });
}
