// Opens every page of the built site in a browser: nothing may fail to load, no link may lead nowhere, axe finds nothing.
// node site.mjs CHROMIUM NODE_MODULES ADDRESS PATH... ; prints one problem a line.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [browserPath, modules, address, ...paths] = process.argv.slice(2);
const spanish = paths.filter((path) => process.env.SPANISH.split(" ").includes(path));
const require = createRequire(`${modules}/index.js`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const problems = [];
for (const scheme of ["light", "dark"]) {
  const page = await browser.newPage({ colorScheme: scheme });
  let here = "";
  await page.route("**/*", (route) =>
    route.request().url().startsWith(address) ? route.continue() : route.abort("blockedbyclient"),
  );
  page.on("pageerror", (error) => problems.push(`${here}: ${error.message}`));
  page.on("response", (answer) => {
    if (answer.status() >= 400) problems.push(`${here}: ${answer.url()} answers ${answer.status()}`);
  });
  for (here of scheme === "light" ? paths : paths.slice(0, 3)) {
    await page.goto(`${address}${here}`);
    await page.addScriptTag({ content: axe });
    const found = await page.evaluate(() =>
      window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }),
    );
    for (const each of found.violations) {
      problems.push(`${here} (${scheme}): ${each.id}: ${each.help}: ${each.nodes[0].html.slice(0, 160)}`);
    }
    const told = await page.$eval("article", (all) => all.querySelector("h1")?.closest("[lang]")?.lang);
    if (spanish.includes(here) !== (told === "es")) problems.push(`${here}: a screen reader is told that it is ${told}`);
    const links = await page.$$eval("a[href]", (all) => all.map((each) => each.href));
    const pictures = await page.$$eval("img", (all) => all.filter((each) => !each.naturalWidth).map((each) => each.src));
    problems.push(...pictures.map((each) => `${here}: the picture ${each} does not show`));
    if (scheme === "light") console.log(JSON.stringify({ page: here, links }));
  }
  await page.close();
}
await browser.close();
for (const each of new Set(problems)) console.log(JSON.stringify({ problem: each }));
