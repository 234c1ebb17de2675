// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The wait-for picture of the end: chains of who waits for what, and who holds it.

// Waits in chains: each starts at a goroutine that nobody shown before waits for, if there is one,
// and stops where a goroutine comes again, or where nobody is.
function waitChains() {
  const of = new Map();
  for (const w of story.waits) of.set(w.goroutine, [...(of.get(w.goroutine) || []), w]);
  const held = new Set(story.waits.map((w) => w.holder));
  const starts = [...of.keys()].sort((a, b) => held.has(a) - held.has(b) || a - b);
  const shown = new Set();
  const chains = [];
  for (const start of starts) {
    if (shown.has(start)) continue;
    for (const first of of.get(start)) {
      const chain = [];
      for (let w = first; w; w = of.get(w.holder)?.[0]) {
        chain.push(w);
        if (shown.has(w.goroutine) && w !== first) break;
        shown.add(w.goroutine);
        if (w.holder === null || chain.some((c) => c.goroutine === w.holder)) break;
      }
      chains.push(chain);
    }
  }
  return chains.sort((a, b) => isCircle(b) - isCircle(a));
}
function isCircle(chain) {
  return chain.some((w) => w.goroutine === chain.at(-1).holder);
}

function goroutineChip(i) {
  const g = story.goroutines[i];
  return el("button", { type: "button", class: `chip ${endClass(g)}`,
    onclick: () => selectGoroutine(i), title: `${goroutineTitle(i)}: ${g.state}` },
    el("b", {}, goroutineName(i)), g.number !== 0 && g.name ? " " + g.name : null);
}
function arrow(text) {
  return el("span", { class: "link" }, text, el("span", { "aria-hidden": "true" }, " \u2192"));
}

// What would have to come, and does not.
function nobodyText(state) {
  if (state === "chan send") return "nobody is left to receive";
  if (state === "chan receive") return "nobody is left to send or close";
  return "nobody is left to end the wait";
}

function chainElement(chain) {
  const line = el("li", {});
  chain.forEach((w, k) => {
    const o = object(w.object);
    if (k === 0) line.append(goroutineChip(w.goroutine));
    line.append(arrow("waits for"), el("span", { class: "chip object" },
      o ? `${o.kind} ${o.name}` : story.goroutines[w.goroutine].state));
    if (w.holder === null) {
      const { state } = story.goroutines[w.goroutine];
      if (isStuckForEver) line.append(el("span", { class: "chip nobody" }, nobodyText(state)));
    } else {
      line.append(arrow("held by"), goroutineChip(w.holder));
      if (chain.slice(0, k + 1).some((c) => c.goroutine === w.holder))
        line.append(el("span", { class: "round" }, "\u21ba a circle: none of them can go on"));
    }
  });
  return line;
}

const CHAINS_MAX = 6;

function waitPicture() {
  const left = blocked();
  if (!isStuckForEver && left.length === 0) return "";
  const box = el("div", { class: "ending" }, el("h2", {},
    isStuckForEver || !story.type ? "At the end" : "Meanwhile"));
  if (story.waits.length > 0) {
    const chains = waitChains();
    const list = el("ul", { class: "chains", "aria-label": "Who waits for whom" });
    const rest = chains.slice(CHAINS_MAX).map(chainElement);
    list.append(...chains.slice(0, CHAINS_MAX).map(chainElement));
    box.append(list);
    if (rest.length > 0)
      box.append(el("details", {}, el("summary", {}, `${rest.length} more`),
        el("ul", { class: "chains" }, ...rest)));
  } else {
    box.append(el("p", { class: "quiet" }, left.length === 0 ? "Nobody waits for anything."
      : left.map((i) => `${goroutineName(i)}: ${story.goroutines[i].state}`).join(", ")));
  }
  return box;
}
