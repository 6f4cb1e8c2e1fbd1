/**
 * A program in dbt's place: it builds the demo's project without a warehouse, node after node, with dbt's structured log,
 * its artifacts and its words, so that the pages of runs can be looked at while a build goes on.
 *
 * It works in a directory made by `makeProject`, and reads there:
 *
 * | file | says |
 * | --- | --- |
 * | `artifacts` | the path of the demo's artifacts |
 * | `plan.json` | how nodes end that do not end well: `{ "model.shop.x": { "status": "error", "message": "…" } }` |
 * | `hold` | while it is there, the build stops in its middle and waits |
 */

import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(import.meta.url);
const DEMO = fileURLToPath(new URL("../../../../demo/dbt/target/", import.meta.url));

/** @typedef {{ status: string, message?: string }} Ending */

/**
 * @typedef {object} Project
 * @property {string} directory
 * @property {string} program the words that call dbt there
 * @property {(plan: Record<string, Ending>) => void} plan says how nodes end from now on
 * @property {() => void} hold lets the next build stop in its middle
 * @property {() => void} release lets it go on
 */

/**
 * Makes a directory in which this program is dbt.
 *
 * @param {string} directory
 * @returns {Project}
 */
export function makeProject(directory) {
  mkdirSync(directory, { recursive: true });
  const program = join(directory, "dbt");
  writeFileSync(program, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(HERE)} "$@"\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(directory, "dbt_project.yml"), "name: shop\n");
  const hold = join(directory, "hold");
  return {
    directory,
    program,
    plan: (plan) => writeFileSync(join(directory, "plan.json"), JSON.stringify(plan)),
    hold: () => writeFileSync(hold, ""),
    release: () => rmSync(hold, { force: true }),
  };
}

/** @param {string} word */
const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/** A node takes so long, in milliseconds. */
const NODE = 70;
/** So many are built at once. */
const THREADS = 4;

/** @param {string} words */
function tell(words) {
  console.log(`${new Date().toISOString().slice(11, 19)}  ${words}`);
}

/** Builds; answers dbt's exit code. */
async function build() {
  const target = process.env.DBT_TARGET_PATH ?? "target";
  const logs = process.env.DBT_LOG_PATH ?? "logs";
  for (const directory of [target, logs]) mkdirSync(directory, { recursive: true });
  const invocation = `00000000-0000-4000-9000-${Date.now().toString().padStart(12, "0")}`;
  const info = () => ({ code: "Q", level: "debug", msg: "", ts: new Date().toISOString(), invocation_id: invocation });
  const log = (/** @type {string} */ name, /** @type {object} */ data) =>
    appendFileSync(join(logs, "dbt.log"), `${JSON.stringify({ info: { ...info(), name }, data })}\n`);
  const head = (/** @type {any} */ known) => ({
    ...known,
    generated_at: new Date().toISOString(),
    invocation_id: invocation,
  });

  tell("Running with dbt=1.11.16");
  const manifest = readJson(join(DEMO, "manifest.json"));
  manifest.metadata = head(manifest.metadata);
  writeFileSync(join(target, "manifest.json"), JSON.stringify(manifest));
  log("ArtifactWritten", { artifact_path: join(target, "manifest.json") });
  tell(`Found ${Object.keys(manifest.nodes).length} nodes, ${Object.keys(manifest.sources).length} sources`);

  /** @type {Record<string, Ending>} */
  const plan = existsSync("plan.json") ? readJson("plan.json") : {};
  const known = readJson(join(DEMO, "run_results.json"));
  /** @type {any[]} */
  const results = [];
  /** @type {Set<string>} */
  const bad = new Set();
  let interrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => {
      interrupted = true;
    });
  }
  for (let at = 0; at < known.results.length && !interrupted; at += THREADS) {
    while (at > known.results.length / 2 && existsSync("hold") && !interrupted) await sleep(20);
    const piece = known.results.slice(at, at + THREADS);
    const began = new Date().toISOString();
    for (const { unique_id } of piece) {
      log("NodeStart", { node_info: { unique_id, node_status: "started", node_started_at: began } });
    }
    await sleep(NODE + ((at * 37) % 90));
    const ended = new Date().toISOString();
    for (const [index, result] of piece.entries()) {
      const id = result.unique_id;
      const node = manifest.nodes[id];
      const isTest = /^(unit_)?test\./.test(id);
      const isSkipped = (node?.depends_on?.nodes ?? []).some((/** @type {string} */ above) => bad.has(above));
      const ending = isSkipped ? { status: "skipped", message: "" } : (plan[id] ?? result);
      if (["error", "fail", "skipped"].includes(ending.status)) {
        bad.add(isTest ? (node?.attached_node ?? id) : id);
      }
      const timing = { started_at: began, completed_at: ended };
      const seconds = (Date.parse(ended) - Date.parse(began)) / 1000;
      results.push({
        ...result,
        ...ending,
        failures: isTest && ending.status !== "pass" ? 3 : result.failures,
        execution_time: seconds,
        timing: isSkipped ? [] : [{ name: "execute", ...timing }],
      });
      log("NodeFinished", {
        node_info: { unique_id: id, node_status: ending.status, node_started_at: began, node_finished_at: ended },
        run_result: { status: ending.status, message: ending.message ?? "", execution_time: seconds },
      });
      const place = `${at + index + 1} of ${known.results.length}`;
      tell(`${place} ${ending.status.toUpperCase()} ${id} ${".".repeat(20)} [in ${seconds.toFixed(2)}s]`);
      if (ending.status === "error" || ending.status === "fail") tell(`  ${ending.message ?? "Got 3 results"}`);
    }
  }
  const failed = results.filter(({ status }) => ["error", "fail"].includes(status)).length;
  const written = { ...known, metadata: head(known.metadata), results };
  writeFileSync(join(target, "run_results.json"), JSON.stringify(written));
  tell(failed > 0 ? `Completed with ${failed} errors` : "Completed successfully");
  return failed > 0 || interrupted ? 1 : 0;
}

if (process.argv[1] === HERE) {
  const [command] = process.argv.slice(2);
  if (["build", "run", "retry"].includes(command)) {
    process.exitCode = await build();
  } else {
    tell(`Running with dbt=1.11.16: ${process.argv.slice(2).join(" ")}`);
  }
}
