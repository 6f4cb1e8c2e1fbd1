/**
 * The real program on the demo: its own directory, a simulated Tableau site, and `tailwater serve` on a free port.
 */

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const BINARIES = process.env.TAILWATER_BINARIES ?? join(ROOT, "target/debug");
/** How long a program may take until it is ready, in milliseconds. */
const PATIENCE = 60_000;

/** What the demo's Tableau knows the token as. */
export const TOKEN = { name: "tailwater", secret: "demo-secret" };

/** @typedef {{ stop: () => Promise<void>, output: () => string }} Program */

/**
 * Starts a program, and waits until what it wrote on standard output says that it is ready.
 *
 * @template Found
 * @param {string} name
 * @param {string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @param {(output: string) => Found | undefined} isReady
 * @returns {Promise<Program & { found: Found }>}
 */
async function start(name, args, options, isReady) {
  const child = spawn(join(BINARIES, name), args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let log = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  const found = await new Promise((resolve, reject) => {
    const fail = (/** @type {string} */ why) => reject(new Error(`${name} ${why}\n${output}\n${log}`));
    const timer = setTimeout(() => fail("is not ready yet"), PATIENCE);
    child.once("error", (error) => fail(`could not be started: ${error.message}; run scripts/test-browser`));
    const early = (/** @type {number | null} */ code) => fail(`ended with ${code}`);
    child.once("exit", early);
    child.stderr?.on("data", (chunk) => {
      log += chunk;
    });
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      const ready = isReady(output);
      if (ready === undefined) return;
      clearTimeout(timer);
      child.off("exit", early);
      resolve(ready);
    });
  }).catch(async (error) => {
    if (child.exitCode === null && child.pid) await stop();
    throw error;
  });
  return { found, stop, output: () => output + log };
}

/**
 * @typedef {object} Catalog
 * @property {string} url without a slash at its end
 * @property {string | undefined} setUpLink good once
 * @property {string} tableau what a person sees in the browser's address bar when looking at the simulated site
 * @property {string} home the directory in which the program works
 * @property {(seconds: number) => Promise<void>} pass lets time pass for the simulated site
 * @property {(...args: string[]) => Promise<string>} run runs a command of the program, and gives its output
 * @property {() => string} log
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the catalog with the demo's dbt project in it, and nothing else.
 *
 * @typedef {(run: Catalog["run"], tableau: string, home: string) => Promise<void>} Prepare
 *
 * @param {{ args?: string[], settings?: string, basePath?: string, site?: string, prepare?: Prepare }} [options]
 *   `settings`: what stands in `tailwater.toml`; `site`: what the simulated site holds beside the demo's, in the form of
 *   its file; `prepare`: what is done before it is served
 * @returns {Promise<Catalog>}
 */
export async function startCatalog({ args = [], settings = "", basePath = "", site = "", prepare } = {}) {
  const home = await mkdtemp(join(tmpdir(), "tailwater-browser-"));
  /** @type {Program[]} */
  const programs = [];
  const stop = async () => {
    for (const program of programs.toReversed()) await program.stop();
    await rm(home, { recursive: true, force: true });
  };
  try {
    const env = { ...process.env, TABLEAU_TOKEN_SECRET: TOKEN.secret, NO_COLOR: "1" };
    const run = async (/** @type {string[]} */ ...words) => {
      const done = await promisify(execFile)(join(BINARIES, "tailwater"), words, { cwd: home, env }).catch((error) => {
        // 1 means: done, with failures that are listed.
        if (error.code === 1) return error;
        throw error;
      });
      return String(done.stdout);
    };
    if (settings) await writeFile(join(home, "tailwater.toml"), settings);
    const siteFile = join(home, "site.toml");
    await writeFile(siteFile, `${await readFile(join(ROOT, "demo/site.toml"), "utf8")}\n${site}`);
    const simulator = await start(
      "tailwater-tableau-sim",
      ["--site", siteFile, "--port", "0"],
      { cwd: home, env },
      (output) => /^listening on (\S+)/m.exec(output)?.[1],
    );
    programs.push(simulator);
    const tableau = `${simulator.found}/#/site/shop/home`;
    await run("project", "add", "shop", join(ROOT, "demo/dbt/target"));
    await prepare?.(run, tableau, home);
    const base = basePath ? ["--base-path", basePath] : [];
    const served = await start(
      "tailwater",
      ["serve", "--json", "--listen", "127.0.0.1:0", ...base, ...args],
      { cwd: home, env },
      (output) => {
        try {
          return JSON.parse(output);
        } catch {
          return undefined;
        }
      },
    );
    programs.push(served);
    const { address, set_up_link: setUpLink } = /** @type {{ address: string, set_up_link?: string }} */ (served.found);
    const pass = async (/** @type {number} */ seconds) => {
      const body = JSON.stringify({ advance_seconds: seconds });
      const answer = await fetch(`${simulator.found}/-/sim/clock`, { method: "PUT", body });
      if (!answer.ok) throw new Error(`the site's clock: ${answer.status} ${await answer.text()}`);
    };
    return { url: address.replace(/\/$/, ""), setUpLink, tableau, home, pass, run, log: served.output, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Connects the demo's Tableau and brings all its workbooks, by commands.
 *
 * @param {Catalog["run"]} run
 * @param {string} tableau
 */
export async function connect(run, tableau) {
  await run(
    ...["integration", "add", "tableau", "--name", "main", "--server", tableau],
    ...["--token-name", TOKEN.name, "--secret-env", "TABLEAU_TOKEN_SECRET"],
  );
  await run("collections", "main", "select", "Finance/**", "Sales/**", "Operations/**", "R\\/D");
}
