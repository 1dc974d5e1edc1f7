// Corrections with all that was done, to undo and to do again. What is done is written to a journal
// as entries: {start: {version, rows}} first, then {row, after}, {undo: true}, {redo: true}, and
// {saved: version} for each file that was saved or downloaded.
import { NOTHING, isDone } from "./corrections.js";

function asMap(rows) {
  return new Map(Object.entries(rows).map(([row, correction]) => [Number(row), correction]));
}

export class History {
  constructor(rows = {}) {
    this.corrections = asMap(rows);
    this.past = [];
    this.future = [];
  }

  of(row) {
    return this.corrections.get(row) ?? NOTHING;
  }

  edit(row, after) {
    this.past.push({ row, before: this.of(row), after });
    this.future = [];
    this.set(row, after);
  }

  // The row that was changed back; undefined if there is nothing to undo.
  undo() {
    return this.move(this.past, this.future, "before");
  }

  redo() {
    return this.move(this.future, this.past, "after");
  }

  move(from, to, state) {
    const change = from.pop();
    if (!change) return undefined;
    to.push(change);
    this.set(change.row, change[state]);
    return change.row;
  }

  set(row, correction) {
    if (isDone(correction)) this.corrections.set(row, correction);
    else this.corrections.delete(row);
  }

  play(entry) {
    if (entry.undo) this.undo();
    else if (entry.redo) this.redo();
    else if ("row" in entry) this.edit(entry.row, entry.after);
  }
}

// The corrections as they were saved last, by what a journal says.
function savedCorrections(entries) {
  const history = new History(entries[0].start.rows);
  const last = entries.findLastIndex((entry) => entry.saved);
  entries.slice(0, last + 1).forEach((entry) => history.play(entry));
  return history.corrections;
}

function played(entries) {
  const history = new History(entries[0].start.rows);
  entries.forEach((entry) => history.play(entry));
  return history;
}

// What was done since the last saving, an entry for each row that differs.
function unsaved(entries) {
  const saved = savedCorrections(entries), history = played(entries);
  const rows = [...new Set([...saved.keys(), ...history.corrections.keys()])];
  const text = (corrections, row) => JSON.stringify(corrections.get(row));
  return rows.filter((row) => text(saved, row) !== text(history.corrections, row))
    .map((row) => ({ row, after: history.of(row) }));
}

// Go on from a journal and from the corrections in the run's folder: {version, rows}. While these are
// what the journal says, all of it counts. If another program or browser changed them, they count, and
// what the journal had not saved is done again on top. A page from disk does not see where its
// downloads go: the file may still be the one that it started from.
//
// Returns the history, the corrections that were saved last, and the entries of a new journal, or null
// to go on with the old one.
export function resume(file, entries, isServed) {
  const start = entries[0]?.start;
  const last = entries.findLast((entry) => entry.saved)?.saved ?? start?.version;
  if (start && (file.version === last || (!isServed && file.version === start.version))) {
    return { history: played(entries), saved: savedCorrections(entries), journal: null };
  }
  const journal = [{ start: file }, ...(start ? unsaved(entries) : [])];
  return { history: played(journal), saved: savedCorrections([journal[0]]), journal };
}
