// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// check.mjs sarif|json|perfetto FILE...: read files of a format with other people's code. Says what
// is wrong with a file, and ends with status 1 if something was.
//
// SARIF: the schema of version 2.1.0 that Microsoft's SDK ships, by ajv. JSON: likewise, by
// docs/story.schema.json ($HEDDLE_SCHEMA). Trace events: into the model of TracerBench (Chrome
// trace events), which nests slices; what it silently mends or drops is compared with what the file
// says.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.HEDDLE_FORMATS, 'package.json'));

function sarifChecker() {
  const Ajv = require('ajv');
  const ajv = new Ajv({ schemaId: 'auto', allErrors: true, format: 'full' });
  ajv.addMetaSchema(require('ajv/lib/refs/json-schema-draft-04.json'));
  const validate = ajv.compile(
    require('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'));
  return (document) => (validate(document) ? [] :
    validate.errors.map((e) => `${e.dataPath || 'document'} ${e.message}`));
}

function storyChecker() {
  const Ajv = require('ajv');
  const ajv = new Ajv({ allErrors: true });
  const validate = ajv.compile(JSON.parse(readFileSync(process.env.HEDDLE_SCHEMA, 'utf8')));
  return (document) => (validate(document) ? [] :
    validate.errors.map((e) => `${e.dataPath || 'document'} ${e.message}`));
}

function wrongSlices(thread, events) {
  const wrong = [];
  const slices = thread.events.filter((e) => e.isComplete());
  const open = [];
  for (const slice of slices) {
    while (open.length > 0 && open[open.length - 1].end <= slice.start) open.pop();
    const parent = open[open.length - 1];
    if (parent && slice.end > parent.end) wrong.push(`${slice.name} overlaps ${parent.name}`);
    if ((slice.parent && slice.parent.end > slice.start ? slice.parent : undefined) !== parent)
      wrong.push(`${slice.name} at ${slice.start} is not nested as it is written`);
    open.push(slice);
  }
  if (!thread.name) wrong.push(`track ${thread.id} has no name`);
  const expected = events.filter((e) => e.ph === 'X' && e.tid === thread.id).length;
  if (slices.length !== expected) wrong.push(`track ${thread.id} has lost slices`);
  return wrong;
}

function wrongFlows(model) {
  const wrong = [];
  const slices = model.events.filter((e) => e.isComplete());
  const starts = new Map();
  const ends = new Map();
  for (const e of model.events) {
    if (!e.isFlowBegin() && !e.isFlowEnd()) continue;
    const side = e.isFlowBegin() ? starts : ends;
    const id = e.traceEvent.id;
    if (side.has(id)) wrong.push(`flow ${id} has two ends on one side`);
    side.set(id, e);
    if (!slices.some((s) => s.tid === e.tid && s.start <= e.start && e.start < s.end))
      wrong.push(`flow ${id} ends outside slices`);
  }
  for (const [id, e] of starts)
    if (!ends.has(id) || ends.get(id).start <= e.start) wrong.push(`flow ${id} leads nowhere`);
  for (const id of ends.keys()) if (!starts.has(id)) wrong.push(`flow ${id} comes from nowhere`);
  return wrong;
}

function perfettoChecker() {
  const { buildModel } = require('@tracerbench/trace-model');
  return (document) => {
    if (!Array.isArray(document.traceEvents)) return ['no traceEvents'];
    const model = buildModel(document);
    if (model.processes.length !== 1 || !model.processes[0].name) return ['one named process'];
    const known = new Set(['M', 'X', 'i', 's', 'f']);
    const wrong = document.traceEvents.filter((e) => !known.has(e.ph)).map((e) => `phase ${e.ph}`);
    for (const thread of model.processes[0].threads)
      wrong.push(...wrongSlices(thread, document.traceEvents));
    return wrong.concat(wrongFlows(model));
  };
}

const [format, ...files] = process.argv.slice(2);
const checkers = { sarif: sarifChecker, json: storyChecker, perfetto: perfettoChecker };
const check = checkers[format]();
let bad = 0;
for (const file of files) {
  let wrong;
  try {
    wrong = check(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    wrong = [String(error)];
  }
  if (wrong.length > 0) bad++;
  for (const what of wrong.slice(0, 5)) console.log(`${file}: ${what}`);
}
console.log(`${format}: ${files.length - bad} of ${files.length} files are right`);
process.exitCode = bad || files.length === 0 ? 1 : 0;
