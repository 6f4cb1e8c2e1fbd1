/**
 * A small site for tests of one module: it serves the real assets under the real content security policy, and whatever
 * the test wants besides.
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ASSETS = fileURLToPath(new URL("../../assets/", import.meta.url));

/** As strict as the product's own. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

/** @type {Record<string, string>} */
const TYPES = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {{ status?: number, type?: string, body?: string, location?: string, policy?: string }} Answer */
/** @typedef {(request: Request, url: URL, body: string) => Answer | undefined | Promise<Answer | undefined>} Handler */

/**
 * Serves on a free port of the loopback.
 *
 * @param {Handler} handler answers what is no asset; nothing means 404
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(handler) {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const asset = /^(?:\/catalog)?\/assets\/(.+)$/.exec(url.pathname)?.[1];
    /** @type {Answer | undefined} */
    let answer;
    if (asset) {
      const path = join(ASSETS, normalize(asset));
      const body = path.startsWith(ASSETS) ? await readFile(path, "utf8").catch(() => undefined) : undefined;
      answer = body === undefined ? undefined : { type: TYPES[extname(path)], body };
      // Scripts are tested before there are styles.
      if (!answer && asset.endsWith(".css")) answer = { type: TYPES[".css"] };
    } else {
      answer = await handler(request, url, Buffer.concat(chunks).toString());
    }
    const {
      status = answer?.location ? 303 : 200,
      type = TYPES[".html"],
      body = "",
      location,
      policy = POLICY,
    } = answer ?? {
      status: 404,
      body: "<!doctype html><title>Not found</title><main><p>Not found</main>",
    };
    response.writeHead(status, {
      "content-type": type,
      "content-security-policy": policy,
      ...(location ? { location } : {}),
    });
    response.end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/**
 * A page with the product's script.
 *
 * @param {string} content what stands in `<main>`
 * @param {{ attributes?: string, head?: string }} [options]
 */
export function htmlPage(content, { attributes = "", head = "" } = {}) {
  return `<!doctype html><html lang="en" ${attributes}><head><meta charset="utf-8"><title>Test</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/app.css">
<script type="module" src="/assets/page.js"></script>${head}</head>
<body><header><form role="search"><input type="search" name="all" aria-label="Search"></form></header><main id="main">${content}</main></body></html>`;
}
