/**
 * The picture from afar, pixel by pixel.
 *
 * Tens of thousands of thin curves are slow to draw one by one without a GPU, and read badly: a grey blot. Here each
 * curve adds a little to the pixels it crosses, so that bundles grow darker than single links, and twenty thousand of
 * them take some milliseconds. Nodes are bars, or plain boxes.
 */

/** @typedef {import("./graph.js").Graph} Graph */
/** @typedef {import("./paint.js").View} View */
/** @typedef {import("./ink.js").Palette} Palette */

/** @typedef {{ zoom: number, left: number, top: number, width: number, height: number }} Frame in pixels of the canvas */

/** What one whole pixel of one curve counts. */
const WHOLE = 64;
/** More than this many curves in one pixel look the same. */
const MOST = 64 * WHOLE;
/** With more links than this, those that only pass by are left out where nodes can be told apart. */
const MANY = 2000;

/** How much each pixel is crossed; kept between two pictures of one size. */
let crossed = new Uint32Array(0);

/**
 * Draws everything that a view sees, over whatever was there.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Graph} graph
 * @param {View} view in pixels of the screen
 * @param {number} scale how many pixels of the canvas one of the screen has
 * @param {Palette} palette
 * @param {boolean} isNear whether nodes can be told apart
 */
export function drawPixels(context, graph, view, scale, palette, isNear) {
  const { width, height } = context.canvas;
  if (crossed.length !== width * height) crossed = new Uint32Array(width * height);
  else crossed.fill(0);
  const frame = { zoom: view.zoom * scale, left: view.left * scale, top: view.top * scale, width, height };
  drawCurves(graph, frame, isNear && graph.from.length > MANY);

  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const ground = bytesOf(palette.ground);
  const shades = shadesOf(ground, bytesOf(palette.line), strengthOf(crossed));
  for (let index = 0; index < pixels.length; index++) {
    const count = crossed[index];
    pixels[index] = shades[Math.min(count, MOST)];
  }
  drawBoxes(graph, pixels, frame, palette);
  context.putImageData(image, 0, 0);
}

/**
 * An S from the right end of one node to the left end of another: `y` follows 3t² − 2t³.
 *
 * @param {Graph} graph
 * @param {Frame} frame
 * @param {boolean} isNear whether a curve that only passes by is left out
 */
function drawCurves({ from, to, x, y, w, h }, { zoom, left, top, width, height }, isNear) {
  for (let edge = 0; edge < from.length; edge++) {
    const [a, b] = [from[edge], to[edge]];
    let x0 = (x[a] + w[a]) * zoom + left;
    let x1 = x[b] * zoom + left;
    let y0 = (y[a] + h / 2) * zoom + top;
    let y1 = (y[b] + h / 2) * zoom + top;
    if (x1 < x0) {
      // Against the flow: the graph has a cycle there.
      [x0, x1] = [x1, x0];
      [y0, y1] = [y1, y0];
    }
    if (x1 < 0 || x0 >= width || (y0 < 0 && y1 < 0) || (y0 >= height && y1 >= height)) continue;
    if (isNear && (x0 < 0 || y0 < 0 || y0 >= height) && (x1 >= width || y1 < 0 || y1 >= height)) continue;
    const reach = Math.max(1, x1 - x0);
    const rise = y1 - y0;
    const first = Math.max(0, Math.floor(x0));
    const last = Math.min(width - 1, Math.ceil(x1));
    const start = Math.max(0, (first - x0) / reach);
    let before = Math.floor(y0 + rise * start * start * (3 - 2 * start));
    for (let column = first; column <= last; column++) {
      const t = Math.min(1, Math.max(0, (column + 1 - x0) / reach));
      const exact = y0 + rise * t * t * (3 - 2 * t);
      const row = Math.floor(exact);
      if (row - before <= 1 && before - row <= 1) {
        // Flat: shared between the two rows it lies on.
        const part = ((exact - row) * WHOLE) | 0;
        if (row >= 0 && row < height) crossed[row * width + column] += WHOLE - part;
        if (row >= -1 && row < height - 1) crossed[(row + 1) * width + column] += part;
      } else {
        // Steep: a run of rows.
        const low = Math.max(0, before < row ? before + 1 : row);
        const high = Math.min(height - 1, before < row ? row : before - 1);
        for (let index = low * width + column, end = high * width + column; index <= end; index += width) {
          crossed[index] += WHOLE;
        }
      }
      before = row;
    }
  }
}

/**
 * @param {Graph} graph
 * @param {Uint32Array} pixels
 * @param {Frame} frame
 * @param {Palette} palette
 */
function drawBoxes(graph, pixels, { zoom, left, top, width, height }, palette) {
  const { legend } = graph.answer.lens;
  const { lens, kind } = graph.answer.nodes;
  const tones = legend.map(({ tone }) => number(bytesOf(palette.tone(tone))));
  const kinds = graph.answer.kinds.map((name) => number(bytesOf(palette.tone(name))));
  const inside = number(bytesOf(palette.raised));
  const tall = Math.max(1, Math.round(graph.h * zoom));
  const hasFrame = tall >= 4;
  for (let node = 0; node < graph.count; node++) {
    const x = Math.round(graph.x[node] * zoom + left);
    const y = Math.round(graph.y[node] * zoom + top);
    const wide = Math.max(2, Math.round(graph.w[node] * zoom));
    if (x >= width || y >= height || x + wide <= 0 || y + tall <= 0) continue;
    const tone = tones[lens[node]] ?? kinds[kind[node]];
    const [begin, end] = [Math.max(0, x), Math.min(width, x + wide)];
    for (let row = Math.max(0, y), stop = Math.min(height, y + tall); row < stop; row++) {
      if (!hasFrame || row === y || row === y + tall - 1) {
        pixels.fill(tone, row * width + begin, row * width + end);
      } else {
        pixels.fill(inside, row * width + begin, row * width + end);
        // The glyph's place is a block of colour, so that kinds can be told apart without names.
        const block = Math.min(width, x + Math.round(26 * zoom));
        if (begin < block) pixels.fill(tone, row * width + begin, row * width + block);
        if (end === x + wide) pixels[row * width + end - 1] = tone;
      }
    }
  }
}

/**
 * How much one curve shows: much where there are few, little where each pixel is crossed by many.
 *
 * @param {Uint32Array} crossed
 */
function strengthOf(crossed) {
  let sum = 0;
  let count = 1;
  // A sample is enough.
  for (let index = 0; index < crossed.length; index += 7) {
    if (crossed[index] === 0) continue;
    sum += crossed[index];
    count += 1;
  }
  const usual = Math.max(1, sum / count / WHOLE);
  return Math.min(0.65, 1 - 0.55 ** (1 / usual));
}

/** @typedef {[red: number, green: number, blue: number]} Bytes */

/**
 * The colour of a pixel for every count of curves.
 *
 * @param {Bytes} ground
 * @param {Bytes} line
 * @param {number} strength of one curve, from 0 to 1
 */
function shadesOf(ground, line, strength) {
  return Uint32Array.from({ length: MOST + 1 }, (_, count) => {
    const part = 1 - (1 - strength) ** (count / WHOLE);
    return number(/** @type {Bytes} */ (ground.map((byte, index) => byte + (line[index] - byte) * part)));
  });
}

/** As it stands in memory on every machine that browsers run on: red first. @param {Bytes} bytes */
function number([red, green, blue]) {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** @param {string} color as the palette has it: `rgb(1, 2, 3)` */
function bytesOf(color) {
  return /** @type {Bytes} */ (color.match(/\d+/g)?.map(Number));
}
