// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The story as the page uses it: indices instead of names, and what happens before what.
//
// Invariants
// - Happens-before is program order and the edges of the story, and nothing else. The clock has no
//   program order: two timers that fire are not ordered by having fired.
// - Nothing here changes after makeModel().

const story = JSON.parse(document.getElementById("story").textContent);
const sources = JSON.parse(document.getElementById("sources").textContent);
for (const p of story.places) p.file = relative(p.file);
const model = makeModel(story);

// Names as people know them: below the directory of the sources.
function relative(file) {
  const root = story.root.replace(/\/+$/, "") + "/";
  return root !== "/" && file.startsWith(root) ? file.slice(root.length) : file;
}

function makeModel(s) {
  const count = s.events.length;
  const before = s.events.map(() => []);
  const after = s.events.map(() => []);
  const order = (from, to) => {
    before[to].push(from);
    after[from].push(to);
  };
  const own = s.goroutines.map(() => []);
  s.events.forEach((event, i) => {
    const list = own[event.goroutine];
    if (list.length > 0 && s.goroutines[event.goroutine].number !== 0) order(list.at(-1), i);
    list.push(i);
  });
  const arrows = s.events.map(() => ({ in: [], out: [] }));
  s.edges.forEach((edge, i) => {
    order(edge.from, edge.to);
    arrows[edge.from].out.push(i);
    arrows[edge.to].in.push(i);
  });
  const lanes = [];
  const idle = []; // created, and never ran
  s.goroutines.forEach((g, i) => {
    if (own[i].length > 0) lanes.push(i);
    else if (g.number !== 0) idle.push(i);
  });
  const laneOf = s.goroutines.map(() => -1);
  lanes.forEach((g, lane) => (laneOf[g] = lane));
  const stuck = stuckIntervals(s, own);
  return { count, before, after, own, arrows, lanes, idle, laneOf, stuck };
}

// When goroutines could not go on: [first, last] events between which they wait; last is null if
// they still did at the end.
function stuckIntervals(s, own) {
  return s.goroutines.map((g, i) => {
    const intervals = [];
    own[i].forEach((event, k) => {
      if (s.events[event].phase !== "waits") return;
      const next = own[i][k + 1];
      if (next !== undefined) intervals.push([event, next]);
    });
    if (g.end === "blocked") {
      const last = own[i].at(-1);
      intervals.push([last === undefined ? g.created_at ?? 0 : last, null]);
    }
    return intervals;
  });
}

// All events that can be reached from i along one of the two directions, without i.
function reach(i, direction) {
  const reached = new Uint8Array(model.count);
  const open = [i];
  let size = 0;
  while (open.length > 0) {
    for (const next of direction[open.pop()]) {
      if (reached[next]) continue;
      reached[next] = 1;
      size++;
      open.push(next);
    }
  }
  return { reached, size };
}

let related = null; // of the last event that was asked about
function relate(i) {
  if (!related || related.event !== i)
    related = { event: i, before: reach(i, model.before), after: reach(i, model.after) };
  return related;
}

// "before", "after", "self" or "beside" (neither): how event i stands to the one in focus.
function relation(i, focus) {
  if (i === focus) return "self";
  const r = relate(focus);
  return r.before.reached[i] ? "before" : r.after.reached[i] ? "after" : "beside";
}

// A function whose value is worked out once, when it is first asked for.
function once(make) {
  let known = null;
  return () => (known ?? (known = { value: make() })).value;
}

// The event at which the program did wrong, or -1 if that is no event: a memory access is none, and
// who is stuck has done nothing more.
const wrongEvent = once(() => {
  if (!story.type || isStuckForEver || reportAccesses().length > 0) return -1;
  const first = reportFirst();
  const last = story.events.at(-1);
  const at = last && place(last.place);
  const same = first && at && last.goroutine === first.goroutine &&
    at.line === first.frame.line && fileName(at.file) === fileName(first.frame.file);
  return same ? story.events.length - 1 : -1;
});

function object(i) {
  return i === null || i === undefined ? null : story.objects[i];
}
function place(i) {
  return i === null || i === undefined ? null : story.places[i];
}
