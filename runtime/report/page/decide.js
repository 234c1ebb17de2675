// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The short story: one sentence, and the few steps that a reader needs to see what went wrong.

// The places that the report's text names: [{label, frames: [{function, file, line}]}].
function reportBlocks() {
  const blocks = [];
  let block = null;
  let label = "";
  for (const line of story.report.split("\n")) {
    const frame = /^ +#\d+ 0x[0-9a-f]+ (?:in (\S+) )?(\S.*):(\d+)$/.exec(line);
    if (!frame) {
      block = null;
      label = line;
      continue;
    }
    if (!block) blocks.push((block = { label, frames: [] }));
    block.frames.push({ function: frame[1] || "", file: frame[2], line: Number(frame[3]) });
  }
  return blocks;
}

function byNumber(number) {
  const i = story.goroutines.findIndex((g) => g.number === number);
  return i < 0 ? null : i;
}

// The uses of memory that a race or a memory error is about, the earlier one first.
function reportAccesses() {
  const accesses = [];
  for (const { label, frames } of reportBlocks()) {
    const m = /^(READ|WRITE|Previous [a-z ]+) of size (\d+) at \S+ by goroutine (\d+)/.exec(label);
    const freed = /^Freed by goroutine (\d+) at:/.exec(label);
    if (!m && !freed) continue;
    const goroutine = byNumber(Number(m ? m[3] : freed[1]));
    if (goroutine === null) continue;
    const earlier = !m || m[1].startsWith("Previous");
    const what = m ? m[1].replace("Previous ", "").toLowerCase() + ` of ${m[2]} bytes` : "free";
    const access = { goroutine, what: what.replace(/ of 1 bytes$/, " of 1 byte"), frame: frames[0] };
    if (earlier) accesses.unshift(access);
    else accesses.push(access);
  }
  return accesses;
}

// "Channel previously closed by goroutine 2 at:" and the like.
function reportEarlier() {
  return reportBlocks().flatMap(({ label, frames }) => {
    const m = /^(.*\bpreviously .*) by goroutine (\d+) at:$/.exec(label);
    const goroutine = m && byNumber(Number(m[2]));
    return m && goroutine !== null ? [{ goroutine, what: m[1], frame: frames[0] }] : [];
  });
}

function blocked() {
  const list = story.goroutines.map((g, i) => i).filter((i) => story.goroutines[i].end === "blocked");
  return list.sort((a, b) => story.goroutines[b].culprit - story.goroutines[a].culprit || a - b);
}

function holderOf(goroutine) {
  const wait = story.waits.find((w) => w.goroutine === goroutine && w.holder !== null);
  return wait ? wait.holder : null;
}

// "G2 receive_requests waits for mutex M1, which G3 holds"
function waitText(i) {
  const g = story.goroutines[i];
  const o = object(g.waits_for);
  const holder = holderOf(i);
  const held = holder === null ? "" : `, held by ${goroutineName(holder)}`;
  return `${goroutineTitle(i)} in ${g.state}${o ? " on " + o.name : ""}${held}`;
}

function headline() {
  if (!story.type) {
    return story.verdict === "pass" ? "This schedule passes: nothing was reported." : story.verdict;
  }
  if (story.message) return story.message;
  const list = blocked();
  if (list.length === 0) return story.signature;
  const shown = list.slice(0, 3).map(waitText);
  const more = list.length > 3 ? `; and ${list.length - 3} more` : "";
  const who = list.length === 1 ? "1 goroutine is" : `${list.length} goroutines are`;
  return `${who} stuck for ever: ${shown.join("; ")}${more}.`;
}

const STEPS_MAX = 9;

// Events by how much they say: the answers that the bug needs, what fails, who took what is held.
function decisiveEvents() {
  const weight = new Map();
  const add = (i, w) => {
    if (i !== undefined && i !== null && i >= 0) weight.set(i, Math.max(w, weight.get(i) || 0));
  };
  story.events.forEach((event, i) => {
    if (event.turn === "forced") add(i, event.needed ? 9 : event.preempts ? 5 : 4);
    if (event.phase === "fails") add(i, 8);
  });
  for (const w of story.waits) {
    if (w.holder === null) continue;
    add(model.own[w.holder].findLast((i) => takes(i, w.object)), 7);
  }
  for (const g of blocked()) {
    const last = model.own[g].at(-1);
    const culprit = story.goroutines[g].culprit;
    if (last !== undefined && story.events[last].phase === "waits") add(last, culprit ? 7 : 3);
  }
  if (story.type && blocked().length === 0) {
    add(model.count - 1, 6);
    const about = object(story.events.at(-1)?.object) ? story.events.at(-1).object : null;
    if (about !== null) for (const i of usesOf(about).slice(-4)) add(i, 4);
  }
  for (const a of reportAccesses()) add(model.own[a.goroutine].at(-1), 3);
  story.goroutines.forEach((g) => {
    if (g.culprit) add(g.created_at, 2);
  });
  return [...weight].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
}

function takes(i, wanted) {
  const event = story.events[i];
  return event.object === wanted && /Lock$/.test(event.operation) && event.phase !== "waits";
}
function usesOf(wanted) {
  const uses = [];
  story.events.forEach((event, i) => {
    if (event.object === wanted && /close|send|Add|Done|Wait|map|read|write/.test(event.operation))
      uses.push(i);
  });
  return uses;
}

// [{event} or {goroutine, frame, what}], in the order in which they are told.
function decisive() {
  const ends = [];
  for (const a of reportAccesses()) ends.push(a);
  for (const a of reportEarlier()) {
    const known = story.events.some(
      (e) => e.goroutine === a.goroutine && place(e.place)?.line === a.frame.line);
    if (!known) ends.push(a);
  }
  for (const g of blocked().slice(0, 4)) {
    const said = story.goroutines[g].waiting;
    ends.push({ goroutine: g, stuck: true, place: place(story.goroutines[g].place), what: said });
  }
  const room = Math.max(4, STEPS_MAX - ends.length);
  const events = decisiveEvents().slice(0, room).map(([i]) => i);
  return [...events.sort((a, b) => a - b).map((event) => ({ event })), ...ends];
}
