// Takes the screenshots of the documentation: node screenshots.mjs ADDRESS NODE_MODULES CHROMIUM FOLDER
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [address, modules, executablePath, folder] = process.argv.slice(2);
const require = createRequire(join(modules, "index.js"));
const { chromium } = require("playwright-core");

const PEOPLE = [
  ["Ada Lovelace", "ada@example.com"],
  ["Grace Hopper", "grace@example.com"],
  ["Katherine Johnson", "katherine@example.com"],
];
const ORDERS = [
  ["2026-001", 0, "19.90", "sent"],
  ["2026-002", 1, "249.00", "paid"],
  ["2026-003", 2, "7.50", "draft"],
  ["2026-004", 0, "88.20", "paid"],
  ["2026-005", 1, "1240.00", "sent"],
];

async function store(path, body) {
  const answer = await fetch(`${address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).id;
}

const ids = [];
for (const [name, email] of PEOPLE) ids.push(await store("/customers", { name, email }));
for (const [number, who, total, status] of ORDERS) await store("/orders", { number, customerId: ids[who], total, status });

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });

async function page(width, height, colorScheme) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    locale: "en-GB",
    reducedMotion: "reduce",
  });
  return context.newPage();
}

// A picture of a page as WebP, which Playwright does not write and every browser does.
async function keep(shown, name) {
  const png = (await shown.screenshot()).toString("base64");
  const packed = await shown.context().newPage();
  const data = await packed.evaluate(async (source) => {
    const image = new Image();
    image.src = `data:image/png;base64,${source}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext("2d").drawImage(image, 0, 0);
    return canvas.toDataURL("image/webp", 0.7);
  }, png);
  writeFileSync(join(folder, `${name}.webp`), Buffer.from(data.split(",")[1], "base64"));
  await packed.close();
}

const wide = await page(1000, 600, "light");
await wide.goto(`${address}/orders?sort=-total`, { waitUntil: "networkidle" });
await wide.getByText("2026-005").first().waitFor();
await keep(wide, "list");

await wide.setViewportSize({ width: 1000, height: 440 });
await wide.goto(`${address}/customers/new`, { waitUntil: "networkidle" });
await wide.getByLabel("Name").fill("Ada King");
await wide.getByLabel("Email").fill("ada@example.com");
await wide.locator("form button[type=submit]").click();
await wide.locator("[aria-invalid=true]").first().waitFor();
await keep(wide, "form");

const phone = await page(375, 667, "dark");
await phone.goto(`${address}/orders`, { waitUntil: "networkidle" });
await phone.getByText("2026-005").first().waitFor();
await keep(phone, "phone");

await browser.close();
