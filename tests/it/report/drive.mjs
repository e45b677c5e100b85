// Drives a page of `kaizen report`: node drive.mjs PAGE [SCREENSHOT-PREFIX]. MODULES is the folder with playwright-core
// and axe-core, CHROMIUM the browser. Exits with 1 and a list of problems if there are any.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.MODULES + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const [file, shots] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const problems = [];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });

async function open(options) {
  const context = await browser.newContext({ bypassCSP: false, ...options });
  const page = await context.newPage();
  page.on("request", (request) => { if (request.url().split("#")[0] !== url) problems.push(`request: ${request.url()}`); });
  page.on("pageerror", (error) => problems.push(`script: ${error}`));
  page.on("console", (message) => { if (message.type() === "error") problems.push(`console: ${message.text()}`); });
  page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  return { context, page };
}

async function drive(page, name) {
  if (!(await page.title()).endsWith("kaizen report")) problems.push(`${name}: title ${await page.title()}`);
  // Each edit opens on a click, and closes again.
  for (const edit of await page.$$("details.edit")) {
    const summary = await edit.$("summary");
    await summary.click();
    if (!(await edit.evaluate((one) => one.open))) problems.push(`${name}: an edit does not open`);
    const shown = await edit.$eval(".body", (body) => body.getBoundingClientRect().height > 0);
    if (!shown) problems.push(`${name}: an open edit shows nothing`);
    await summary.click();
  }
  // Each line of the harness that an edit wrote leads to that edit, which is then visible.
  const links = await page.$$eval(".lines a.n", (all) => all.map((one) => one.getAttribute("href")));
  for (const link of new Set(links)) {
    await page.$eval(`.lines a.n[href="${link}"]`, (one) => one.click());
    await page.waitForFunction((id) => {
      const found = document.getElementById(id);
      return found && found.getBoundingClientRect().height > 0;
    }, link.slice(1), { timeout: 2000 }).catch(() => problems.push(`${name}: ${link} stays closed`));
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) problems.push(`${name}: the page is ${wide} pixels too wide`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [400, 1280]) {
    const name = `${colorScheme} ${width}`;
    const { context, page } = await open({ colorScheme, viewport: { width, height: 900 } });
    if (shots) await page.screenshot({ path: `${shots}-${colorScheme}-${width}.png`, fullPage: true });
    await drive(page, name);
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    if (shots) await page.screenshot({ path: `${shots}-${colorScheme}-${width}-open.png`, fullPage: true });
    await context.close();
    // The policy of the page refuses axe, so it runs in a context that ignores the policy.
    const free = await open({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true, reducedMotion: "reduce" });
    await free.page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    await free.page.evaluate(axe);
    const found = await free.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    for (const violation of found.violations) {
      const where = violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.any.map((any) => any.message).join("; ")}`);
      const text = `${name}: axe ${violation.impact} ${violation.id}: ${violation.help} (${where.join(" | ")})`;
      if (["serious", "critical"].includes(violation.impact)) problems.push(text);
      else console.log(text);
    }
    await free.context.close();
  }
}
const still = await open({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
for (const edit of await still.page.$$("details.edit")) await (await edit.$("summary")).click();
const closed = await still.page.$$("details.edit:not([open])");
if (closed.length > 0) problems.push(`without scripts: ${closed.length} edits do not open`);
await browser.close();
console.log(`${problems.length} problems`);
for (const problem of problems.slice(0, 40)) console.error(problem);
process.exit(problems.length > 0 ? 1 : 0);
