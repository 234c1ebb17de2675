// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lines of the program: the page carries those around each place that the story names.
//
// sources: {files: [{name, lines: {"24": "text"}}]}, with names as the page shows them.

const fileByName = new Map(sources.files.map((file) => [file.name, file]));
const baseNames = new Map();
for (const file of sources.files) {
  const base = fileName(file.name);
  baseNames.set(base, baseNames.has(base) ? null : file); // null: more than one has it
}

// Reports name a file outside of the root by its last part.
function sourceOf(p) {
  return fileByName.get(p.file) || (p.file.includes("/") ? null : baseNames.get(p.file)) || null;
}
function codeLine(p) {
  const file = p && p.line ? sourceOf(p) : null;
  return file ? (file.lines[p.line] || "").trim() : "";
}

const keywords = new Set(
  ("auto bool break case char const continue default do double else enum extern false float for " +
    "goto if inline int long NULL return short signed sizeof static struct switch true typedef " +
    "union unsigned void volatile while size_t uint8_t uint16_t uint32_t uint64_t").split(" "));

// Comments, strings and keywords of one line of C, as elements.
function coloured(text) {
  const out = [];
  const token = /\/\*.*?(?:\*\/|$)|\/\/.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_]\w*/g;
  let at = 0;
  for (const m of text.matchAll(token)) {
    const kind = /^\/[*/]/.test(m[0]) ? "comment" : /^["']/.test(m[0]) ? "string"
      : keywords.has(m[0]) ? "keyword" : "";
    if (!kind) continue;
    out.push(text.slice(at, m.index), el("span", { class: kind }, m[0]));
    at = m.index + m[0].length;
  }
  out.push(text.slice(at));
  return out;
}

const AROUND = 7; // lines above and below, as many as story_html.c quotes

// The lines around a place, or a sentence about why there are none.
function snippet(p, note) {
  if (!p || (!p.file && !p.function)) return el("p", { class: "quiet" }, "No place in the source.");
  const file = sourceOf(p);
  const head = el("figcaption", {},
    el("span", { class: "file" }, p.file ? `${p.file}:${p.line}` : "unknown file"),
    p.function ? el("span", { class: "function" }, `in ${p.function}`) : null);
  const box = el("figure", { class: "snippet" }, head);
  if (!file || file.lines[p.line] === undefined) {
    box.append(el("p", { class: "quiet" }, "The source was not there when this page was made."));
    return box;
  }
  const code = el("div", { class: "code", tabindex: "0", role: "group",
    "aria-label": `Source of ${p.file} around line ${p.line}` });
  for (let n = p.line - AROUND; n <= p.line + AROUND; n++) {
    const text = file.lines[n];
    if (text === undefined) continue;
    const here = n === p.line;
    code.append(el("div", { class: here ? "row here" : "row", "data-line": n },
      el("span", { class: "number" }, (here ? "\u25b6 " : "") + n),
      el("code", {}, ...coloured(text)),
      here && note ? el("span", { class: "note" }, note) : null));
  }
  box.append(code);
  return box;
}
