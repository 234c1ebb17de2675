// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The short story: one sentence, and the few steps that a reader needs to see what went wrong.

// The places that the report's text names: [{label, frames: [{function, file, line}]}].
const reportBlocks = once(() => {
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
});

function byNumber(number) {
  const i = story.goroutines.findIndex((g) => g.number === number);
  return i < 0 ? null : i;
}

// The uses of memory that a race or a memory error is about, the earlier one first.
const reportAccesses = once(() => {
  const accesses = [];
  for (const { label, frames } of reportBlocks()) {
    const m = /^(READ|WRITE|Previous [a-z ]+) of size (\d+) at \S+ by goroutine (\d+)/.exec(label);
    const freed = /^Freed by goroutine (\d+) at:/.exec(label);
    if (!m && !freed) continue;
    const goroutine = byNumber(Number(m ? m[3] : freed[1]));
    if (goroutine === null) continue;
    const earlier = !m || m[1].startsWith("Previous");
    const kind = m && m[1].replace("Previous ", "").toLowerCase();
    const what = m ? `${kind} of ${count(Number(m[2]), "byte")}` : "free";
    const access = { goroutine, what, frame: frames[0] };
    if (earlier) accesses.unshift(access);
    else accesses.push(access);
  }
  if (accesses.length === 2 && story.type === "data race") {
    const [first, last] = accesses;
    const by = goroutineName(first.goroutine);
    last.because = `nothing orders this with the ${first.what} by ${by}`;
  }
  return accesses;
});

// "Channel previously closed by goroutine 2 at:", "Concurrent map read by ..." and the like.
const reportEarlier = once(() =>
  reportBlocks().flatMap(({ label, frames }) => {
    const m = /^(?!Goroutine |Freed |Previous )(.*) by goroutine (\d+) at:$/.exec(label);
    const goroutine = m && byNumber(Number(m[2]));
    return m && goroutine !== null ? [{ goroutine, what: m[1], frame: frames[0] }] : [];
  }));

// Where the report's first stack is: {goroutine, what, frame}, or null.
const reportFirst = once(() => {
  const m = /^The first stack is of goroutine (\d+)/m.exec(story.report);
  const goroutine = m && byNumber(Number(m[1]));
  const first = reportBlocks()[0];
  if (goroutine === null || !first || first.label.startsWith("0x")) return null;
  return { goroutine, what: story.message || typeText(), frame: first.frames[0] };
});

// What a report is about that is no event: an access, or an operation that did not come to be done.
const wrongPlace = once(() => {
  if (!story.type || isStuckForEver || wrongEvent() >= 0) return null;
  return reportAccesses().at(-1) ?? reportFirst();
});

// Who is blocked at the end: first those to blame, then those who hold what others wait for, or
// wait for what others hold.
const holding = new Set(story.waits.filter((w) => w.holder !== null)
  .flatMap((w) => [w.holder, w.goroutine]));
const rank = (i) => story.goroutines[i].culprit ? 0 : holding.has(i) ? 1 : 2;
const blocked = once(() =>
  [...story.goroutines.keys()].filter((i) => story.goroutines[i].end === "blocked")
    .sort((a, b) => rank(a) - rank(b) || a - b));

function holderOf(goroutine) {
  const wait = story.waits.find((w) => w.goroutine === goroutine && w.holder !== null);
  return wait ? wait.holder : null;
}

// What somebody who is stuck for ever cannot do, by Go's name of the state.
const cannot = {
  "chan send": (name) => `cannot send on ${name}, as nobody receives`,
  "chan receive": (name) => `cannot receive from ${name}, as nobody sends`,
  "sync.Mutex.Lock": (name) => `cannot lock ${name}`,
  "sync.RWMutex.Lock": (name) => `cannot lock ${name}`,
  "sync.RWMutex.RLock": (name) => `cannot lock ${name} for reading`,
  "sync.WaitGroup.Wait": (name) => `waits for ${name}, which does not come to zero`,
  "sync.Cond.Wait": (name) => `waits for a signal of ${name} that does not come`,
  "sync.Once.Do": (name) => `waits for ${name} to be done`,
};
// "G2 receive_requests cannot lock M1, which G3 holds"
function waitText(i) {
  const g = story.goroutines[i];
  const o = object(g.waits_for);
  const holder = holderOf(i);
  const held = holder === null ? ""
    : `, which ${holder === i ? "it holds itself" : goroutineName(holder) + " holds"}`;
  if (g.state === "select") return `${goroutineTitle(i)} has a select of which no case can come`;
  const words = o && cannot[g.state] ? cannot[g.state](o.name)
    : `cannot go on in ${g.state}${o ? " on " + o.name : ""}`;
  return `${goroutineTitle(i)} ${words}${held}`;
}

function stuckHeadline() {
  const shown = chiefBlocked().slice(0, 3).map(waitText);
  const rest = blocked().length - shown.length;
  const more = rest > 0 ? `; and ${count(rest, "other")} with them` : "";
  return `${shown.join("; ")}${more}.`;
}
function raceHeadline([first, second]) {
  const side = (a) => `${goroutineTitle(a.goroutine)} (${a.what}, ${placeText(a.frame)})`;
  return `${side(first)} and ${side(second)} use the same memory, and nothing orders them.`;
}
// What, by whom, where.
function wrongHeadline() {
  const first = reportFirst();
  const who = first ? ` by ${goroutineTitle(first.goroutine)}` : "";
  const where = first ? ` in ${first.frame.function}, ${placeText(first.frame)}` : "";
  return `${story.message || story.signature}${who || where ? "," : ""}${who}${where}.`;
}
function headline() {
  if (!story.type)
    return story.verdict === "pass" ? "This schedule passes: nothing was reported." : story.verdict;
  if (isStuckForEver && blocked().length > 0) return stuckHeadline();
  const accesses = reportAccesses();
  return accesses.length === 2 ? raceHeadline(accesses) : wrongHeadline();
}

// The others among them only wait for these.
function chiefBlocked() {
  const chief = blocked().filter((i) => rank(i) < 2);
  return chief.length > 0 ? chief : blocked();
}

const STEPS_MAX = 9;

// Events by how much they say: the answers that the bug needs, what fails, who took what is held.
function decisiveEvents() {
  const weight = new Map();
  const add = (i, w) => {
    if (i !== undefined && i !== null && i >= 0) weight.set(i, Math.max(w, weight.get(i) || 0));
  };
  story.events.forEach((event, i) => {
    if (event.turn === "forced") add(i, event.needed ? 9 : event.preempts ? 6 : 4);
  });
  for (const w of story.waits) {
    if (w.holder === null) continue;
    add(model.own[w.holder].findLast((i) => takes(i, w.object)), 7);
  }
  const wrong = wrongEvent();
  add(wrong, 8);
  if (wrong >= 0 && object(story.events[wrong].object))
    for (const i of usesOf(story.events[wrong].object).slice(-4)) add(i, 5);
  for (const a of reportEarlier()) add(eventOf(a), 6);
  story.goroutines.forEach((g) => {
    if (g.culprit) add(g.created_at, 2);
    if (g.culprit && isStuckForEver && object(g.waits_for))
      for (const i of usesOf(g.waits_for).slice(-3)) add(i, 1);
  });
  return [...weight].sort((a, b) => b[1] - a[1] || b[0] - a[0]); // of equals, nearest to the end
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

const STUCK_MAX = 4;

// The latest event that is where the report says that somebody was, or -1.
function eventOf({ goroutine, frame }) {
  return story.events.findLastIndex((e) => e.goroutine === goroutine &&
    place(e.place)?.line === frame.line && e.place !== null);
}

// [{event, ...} or {goroutine, frame, what}], in the order in which they are told: `event` is where
// a step stands in the execution, `stuck` says that its goroutine cannot go on from there.
const decisive = once(() => {
  const ends = [...reportAccesses()];
  ends.push(...reportEarlier().filter((a) => eventOf(a) < 0));
  const wrong = wrongPlace();
  if (wrong && !ends.includes(wrong)) ends.push(wrong);
  const stuck = (isStuckForEver ? chiefBlocked() : []).slice(0, STUCK_MAX).map((goroutine) => {
    const g = story.goroutines[goroutine];
    const last = model.own[goroutine].at(-1);
    return { event: last ?? model.count, goroutine, stuck: true, frame: place(g.place),
      what: g.waiting, acts: last !== undefined && story.events[last].phase === "waits" };
  });
  const said = new Set(stuck.filter((item) => item.acts).map((item) => item.event));
  const room = Math.max(4, STEPS_MAX - ends.length - stuck.length);
  const events = decisiveEvents().map(([event]) => ({ event }))
    .filter((item) => !said.has(item.event)).slice(0, room);
  const told = [...events, ...stuck].sort((a, b) => a.event - b.event);
  return [...told, ...ends];
});
